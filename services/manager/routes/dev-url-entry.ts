import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { credentialOf } from '../credential.ts'
import type { Dependencies } from '../dependencies.ts'
import { devUrlAddress } from '../dev-urls/address.ts'
import { devUrlAt } from '../dev-urls/at-label.ts'
import { mayVisit } from '../dev-urls/visitors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { statusOf } from '../workspaces/status.ts'
import { findWorkspace } from '../workspaces/store.ts'
import { Label } from './dev-url-schemas.ts'
import { ErrorAnswer, Page, Redirect } from './schemas.ts'

/** Where the envproxy takes a ticket, below the address of every dev URL. */
const entrance = '.cde/enter'

/**
 * `/auth/dev-url`: where the envproxy sends who comes to a dev URL, or an editor, without a cookie for it. Who is logged in goes back with
 * a ticket; who is not goes to the dashboard, which comes here again after the login. The cookie of the session is strict:
 * a person who followed a link of another site looks logged out until the dashboard itself sends them here.
 */
export function devUrlEntryRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, identify, tickets, accessUrl, clock } = dependencies
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
        response: {
          303: Redirect('to the dev URL with a ticket, or to the dashboard, to log in there first'),
          404: Page('there is no such dev URL, or it is not shared with who asks'),
          409: Page('the workspace is not on'),
          '4xx': ErrorAnswer,
        },
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
      const devUrl = await devUrlAt(database, label)
      const address = devUrlAddress(label, dependencies)
      if (address === undefined || devUrl === undefined || !(await mayVisit(database, devUrl, visitor, clock())))
        // the same words for what is not there and for what is not theirs
        return tell(reply, 404, 'There is no such address, or it is not shared with you.')
      const workspace = await findWorkspace(database, devUrl.workspaceId)
      const status = workspace && statusOf(workspace, engine.observe(workspace.id)).status
      // UNKNOWN: Kubernetes may be out of reach while the workspace itself is well
      if (status !== 'ON' && status !== 'UNKNOWN')
        return tell(reply, 409, `The workspace ${devUrl.workspaceName} is ${status}. Start it, or wait until it is ON.`)
      const { id, workspaceId, port } = devUrl
      const ticket = await tickets.signDevUrl(
        { ...visitor, label, devUrl: id, workspace: workspaceId, port, state },
        clock(),
      )
      // the label is one of the database, so that the ticket goes to that dev URL and nowhere else
      const back = new URL(entrance, address)
      back.search = new URLSearchParams({ ticket, to }).toString()
      return reply.redirect(back.href, 303)
    },
  )
}

/** A page that says why it does not go on. */
const tell = (reply: FastifyReply, status: number, words: string) =>
  reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .send(`<!doctype html><meta charset="utf-8"><title>CDE</title><p>${words}</p><p><a href="/">Dashboard</a></p>\n`)
