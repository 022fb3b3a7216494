import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { record } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { userOfIdentity } from '../oidc/link.ts'
import { pendingLifetime } from '../oidc/pending-login.ts'
import { isReadOnly, takesWrites } from '../read-only.ts'
import type { TypedInstance } from '../schema-types.ts'
import { openSession, sessionLifetime } from '../sessions.ts'
import { siteCookies } from '../site-cookies.ts'
import { Redirect } from './schemas.ts'

const open = { permission: 'anyone', license: 'exempt' } as const

/** Logging in through the site's identity provider. */
export function oidcRoutes(app: TypedInstance, { database, oidc, accessUrl, clock }: Dependencies): void {
  app.get(
    '/auth/methods',
    {
      config: open,
      schema: { response: { 200: Type.Object({ password: Type.Boolean(), oidc: Type.Boolean() }) } },
    },
    async () => ({ password: true, oidc: oidc !== undefined }),
  )
  if (oidc === undefined) return
  const { provider, pendingLogins } = oidc
  const { session, oidcLogin } = siteCookies(accessUrl)

  /** Back to the dashboard and nowhere else; `code` says why it did not work. */
  const home = (reply: FastifyReply, code?: string) => {
    const url = new URL('/', accessUrl)
    if (code !== undefined) url.searchParams.set('login_error', code)
    return reply.redirect(url.href, 303)
  }

  const toDashboard = 'to the dashboard; login_error in the query says what went wrong, if anything did'
  const login = { response: { 303: Redirect(`to the identity provider, or ${toDashboard}`) } }
  app.get('/auth/oidc/login', { config: open, schema: login }, async (request, reply) => {
    try {
      // nobody is sent to the provider in vain: the session could not be stored
      if (!(await takesWrites(database))) return home(reply, 'UPGRADE_READ_ONLY')
      const { url, pending } = await provider.begin()
      reply.setCookie(oidcLogin.name, await pendingLogins.seal(pending, clock()), {
        ...oidcLogin.options,
        maxAge: pendingLifetime,
      })
      return reply.redirect(url.href, 303)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      request.log.warn({ reason: String((error.cause as Error | undefined)?.message) }, error.message)
      return home(reply, error.code)
    }
  })

  const callback = { response: { 303: Redirect(toDashboard) } }
  app.get('/auth/oidc/callback', { config: open, schema: callback }, async (request, reply) => {
    const sealed = request.cookies[oidcLogin.name]
    const pending = sealed === undefined ? undefined : await pendingLogins.open(sealed, clock())
    reply.clearCookie(oidcLogin.name, oidcLogin.options)
    // another site cannot log someone in as somebody else: only who began here has the cookie
    if (pending === undefined) return home(reply, 'OIDC_EXPIRED')
    try {
      const { search } = new URL(request.url, accessUrl)
      const identity = await provider.finish(new URL(`/auth/oidc/callback${search}`, accessUrl), pending)
      const { user, created } = await userOfIdentity(database, identity, clock())
      if (!user.active) return home(reply, 'OIDC_DEACTIVATED')
      const from = { address: request.ip, userAgent: request.headers['user-agent'] }
      const token = await openSession(database, user.id, clock(), from)
      const details = { by: 'oidc', issuer: identity.issuer }
      if (created)
        await record(
          database,
          request,
          {
            action: 'user.create-by-login',
            target: { type: 'user', id: user.id, name: user.username },
            actor: user,
            details,
          },
          clock(),
        )
      await record(
        database,
        request,
        { action: 'session.open', target: { type: 'session' }, actor: user, details },
        clock(),
      )
      request.log.info({ user: user.id }, 'logged in through the identity provider')
      reply.setCookie(session.name, token, { ...session.options, maxAge: sessionLifetime / 1000 })
      return home(reply)
    } catch (error) {
      if (isReadOnly(error)) return home(reply, 'UPGRADE_READ_ONLY')
      if (!(error instanceof ApiError)) throw error
      request.log.warn({ reason: String((error.cause as Error | undefined)?.message) }, error.message)
      return home(reply, error.code)
    }
  })
}
