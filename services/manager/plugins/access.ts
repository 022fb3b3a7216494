import cookie from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { assertMayAnywhere, type Caller } from '../authorization.ts'
import { ApiError } from '../errors.ts'
import type { Identify } from '../identify.ts'
import type { InternalCalls } from '../internal-calls.ts'
import type { Licensing } from '../licensing.ts'
import { grantOf, type Permission } from '../permissions.ts'
import { siteCookies } from '../site-cookies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the entry of the permission table that the route needs */
    permission?: Permission
    /** the action that the audit log shows for a change; false: nothing changes, or not always */
    audit?: string | false
    /** `exempt` routes answer even where the license refuses air-gapped mode, so that an admin can upload another. */
    license?: 'exempt'
  }
  interface FastifyRequest {
    /** The user of the session or the key; undefined on routes for anyone. */
    user: Caller | undefined
    credential: { value: string; from: 'cookie' | 'header' } | undefined
    /** whether the handler asked authorization.ts which objects the caller may touch */ objectChecked: boolean
    /** whether the handler left an entry in the audit log */ audited: boolean
  }
}

type Options = {
  identify: Identify
  licensing: Licensing
  internalCalls: InternalCalls
  accessUrl: string
  clock: () => number
}

/**
 * Decides before each route who is calling, whether a role and the key's scopes suffice for its permission, whether a
 * cookie was sent by our own pages, and whether the license allows it. A route that does not declare its permission, or
 * a writing one that does not declare its audit action, does not start.
 */
export default fp<Options>(async (app, { identify, licensing, internalCalls, accessUrl, clock }) => {
  const origin = new URL(accessUrl).origin
  const cookieName = siteCookies(accessUrl).session.name
  await app.register(cookie)
  app.decorateRequest('user', undefined)
  app.decorateRequest('credential', undefined)
  app.decorateRequest('objectChecked', false)
  app.decorateRequest('audited', false)

  app.addHook('onRoute', (route) => {
    const { permission, audit } = route.config ?? {}
    if (permission === undefined) throw new Error(`${route.method} ${route.url} declares no permission`)
    const writes = [route.method].flat().some((method) => !safeMethods.has(method))
    if (writes && audit === undefined) throw new Error(`${route.method} ${route.url} declares no audit action`)
  })

  app.addHook('onRequest', async (request) => {
    // without a route this is a 404, which needs no one's permission
    if (request.is404) return
    const { permission = 'internal', license } = request.routeOptions.config
    request.credential = presented(request, cookieName)
    const harmless = safeMethods.has(request.method) && request.headers.upgrade === undefined
    if (request.credential?.from === 'cookie' && !harmless) assertOwnPage(request, origin)
    if (permission === 'internal') await internalCalls.assert(request.headers.authorization, clock())
    else if (permission !== 'anyone') {
      request.user = request.credential && (await identify(request.credential.value))
      if (request.user === undefined)
        throw new ApiError(401, 'AUTH_REQUIRED', 'you are not logged in', {
          fix: 'log in again, or send the header Session-Token',
        })
      assertMayAnywhere(request.user, permission)
    }
    if (license !== 'exempt') await licensing.assertAllowed()
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { permission = 'anyone', audit } = request.routeOptions.config
    if (request.is404 || reply.statusCode >= 400) return payload
    const { owner, organization } = grantOf(permission)
    // a handler that forgot to ask is a defect: nothing of what it found leaves the manager
    if ((owner === true || organization !== undefined) && !request.objectChecked)
      throw new Error(`${request.method} ${request.routeOptions.url} did not check whose object it is`)
    if (typeof audit === 'string' && !request.audited)
      throw new Error(`${request.method} ${request.routeOptions.url} left no audit entry`)
    return payload
  })
})

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A header wins over the cookie: a page cannot set it across origins, so it needs no check of the origin. */
function presented(request: FastifyRequest, cookieName: string): FastifyRequest['credential'] {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  for (const header of [request.headers['session-token'], bearer])
    if (typeof header === 'string' && plausible(header)) return { value: header, from: 'header' }
  const value = request.cookies[cookieName]
  return value !== undefined && /^[\w-]{43}$/.test(value) ? { value, from: 'cookie' } : undefined
}

const plausible = (token: string): boolean => /^(cde_)?[\w-]{43}$/.test(token)

/** Browsers send Origin with every write; another site's page cannot forge it. */
export function assertOwnPage(request: FastifyRequest, origin: string): void {
  if (request.headers.origin === origin) return
  throw new ApiError(403, 'AUTH_ORIGIN', 'this request does not come from a page of this site', {
    why: `its Origin is not ${origin}`,
    fix: 'open the dashboard at its access URL, or send the header Session-Token instead of a cookie',
  })
}
