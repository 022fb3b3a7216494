import Type from 'typebox'
import { credentialOf } from '../credential.ts'
import type { Dependencies } from '../dependencies.ts'
import { devUrlOrigin } from '../dev-urls/address.ts'
import { devUrlByLabel } from '../dev-urls/store.ts'
import { mayVisit } from '../dev-urls/visitors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { Label } from './dev-url-schemas.ts'

/** Where the envproxy takes a ticket at every dev URL. */
const entrance = '/.cde/enter'

/**
 * `/auth/dev-url`: where the envproxy sends who comes to a dev URL without a cookie for it. Who is logged in goes back with
 * a ticket; who is not goes to the dashboard, which comes here again after the login. The cookie of the session is strict:
 * a person who followed a link of another site looks logged out until the dashboard itself sends them here.
 */
export function devUrlEntryRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, identify, tickets, devUrlsHost, accessUrl, clock } = dependencies
  app.get(
    '/auth/dev-url',
    {
      config: { permission: 'anyone' },
      schema: {
        querystring: Type.Object(
          {
            label: Label,
            state: Type.String({ pattern: '^[\\w-]{43}$', description: 'binds the ticket to the browser that asks' }),
            to: Type.String({ pattern: '^/[!-~]*$', maxLength: 2048, description: 'a path of the dev URL' }),
          },
          { additionalProperties: false },
        ),
      },
    },
    async (request, reply) => {
      const { label, state, to } = request.query
      reply.header('referrer-policy', 'no-referrer')
      const caller = request.credential && (await identify(request.credential.value))
      if (caller?.via !== 'session') {
        const home = new URL('/', accessUrl)
        home.searchParams.set('next', `/auth/dev-url?${new URLSearchParams({ label, state, to })}`)
        return reply.redirect(home.href, 303)
      }
      const visitor = { user: caller.id, credential: credentialOf(caller) }
      const devUrl = await devUrlByLabel(database, label)
      if (devUrlsHost === undefined || devUrl === undefined || !(await mayVisit(database, devUrl, visitor, clock())))
        return reply
          .code(404)
          .type('text/html; charset=utf-8')
          .header('content-security-policy', "default-src 'none'")
          .send(refusal)
      const { id, workspaceId, port } = devUrl
      const ticket = await tickets.signDevUrl(
        { ...visitor, label, devUrl: id, workspace: workspaceId, port, state },
        clock(),
      )
      // the label is one of the database, so that the ticket goes to that dev URL and nowhere else
      const back = new URL(entrance, devUrlOrigin(label, devUrlsHost, accessUrl))
      back.search = new URLSearchParams({ ticket, to }).toString()
      return reply.redirect(back.href, 303)
    },
  )
}

/** The same words for what is not there and for what is not theirs. */
const refusal = `<!doctype html><meta charset="utf-8"><title>Not found</title>
<p>There is no such dev URL, or it is not shared with you.</p><p><a href="/">Dashboard</a></p>
`
