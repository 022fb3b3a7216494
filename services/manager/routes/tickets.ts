import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize, callerOf } from '../authorization.ts'
import { credentialOf } from '../credential.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { statusOf } from '../workspaces/status.ts'
import { findWorkspace } from '../workspaces/store.ts'
import { ErrorAnswer, IdParams } from './schemas.ts'
import { noWorkspace } from './workspaces.ts'

/** Where the agent of a workspace serves terminals. */
const port = 26337

/** Tickets that open a workspace's terminal for a minute. An editor is opened at its own address, as a dev URL is. */
export function ticketRoutes(app: TypedInstance, { database, engine, tickets, clock }: Dependencies): void {
  app.post(
    '/api/v0/workspaces/:id/tickets',
    {
      config: { permission: 'workspaces:open', audit: false },
      schema: {
        params: IdParams,
        body: Type.Object({ port: Type.Literal(port) }, { additionalProperties: false }),
        response: { 200: Type.Object({ ticket: Type.String(), path: Type.String() }), '4xx': ErrorAnswer },
      },
    },
    async (request) => {
      const { id } = request.params
      const caller = callerOf(request)
      const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      const own = workspace.ownerId === caller.id
      const { status } = statusOf(workspace, engine.observe(workspace.id))
      // UNKNOWN: Kubernetes may be out of reach while the workspace itself is well
      if (status !== 'ON' && status !== 'UNKNOWN')
        throw new ApiError(409, 'WORKSPACE_NOT_RUNNING', `workspace ${workspace.name} is ${status}`, {
          fix: status === 'OFF' ? 'start it first' : 'wait until it is ON',
        })
      const path = `/proxy/workspaces/${id}/shell`
      const grant = { user: caller.id, workspace: id, port, path, credential: credentialOf(caller) }
      const ticket = await tickets.sign(grant, clock())
      if (!own) {
        const target = { type: 'workspace', id, name: workspace.name }
        await record(database, request, { action: 'workspace.open', target, details: { port } }, clock())
      }
      return { ticket, path }
    },
  )
}
