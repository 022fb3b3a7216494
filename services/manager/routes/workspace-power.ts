import { record } from '../audit.ts'
import { authorize } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { followRelease } from '../images/follow-release.ts'
import { withinQuota } from '../organizations/quota.ts'
import type { TypedInstance } from '../schema-types.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import { findWorkspace, setDesired } from '../workspaces/store.ts'
import { ErrorAnswer, IdParams, WorkspaceAnswer } from './schemas.ts'
import { noWorkspace } from './workspaces.ts'

/** Starting and stopping workspaces. Starting takes cores and memory of the organization's quota again. */
export function workspacePowerRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, reconciler, clock } = dependencies
  for (const [verb, desired] of [
    ['start', 'on'],
    ['stop', 'off'],
  ] as const)
    app.post(
      `/api/v0/workspaces/:id/${verb}`,
      {
        config: { permission: 'workspaces:write', audit: `workspace.${verb}` },
        schema: { params: IdParams, response: { 200: WorkspaceAnswer, '4xx': ErrorAnswer } },
      },
      async (request) => {
        const { id } = request.params
        const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
        const { name, ownerId, organizationId } = workspace
        await transaction(database, async (client) => {
          if (desired === 'on') await followRelease(client, { id })
          await withinQuota(client, organizationId, ownerId, () => setDesired(client, id, desired, clock()))
          await record(client, request, { target: { type: 'workspace', id, name } }, clock())
        })
        reconciler.wake()
        return showWorkspace((await findWorkspace(database, id)) ?? workspace, engine.observe(id), dependencies)
      },
    )
}
