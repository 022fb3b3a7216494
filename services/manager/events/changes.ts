import type { Database } from '../database.ts'
import type { SiteHosts } from '../dev-urls/address.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import type { WorkspaceEngine } from '../workspaces/engine.ts'
import { everyWorkspaceOf } from '../workspaces/store.ts'

/** A workspace as it is after a change, for whoever may see it. */
export type Change = {
  id: string
  ownerId: string
  organizationId: string
  /** what a watcher is sent, written once for all of them */ update: string
}

/** Reads some workspaces as they are now; those that are deleted are left out. */
export type ReadChanges = (ids: readonly string[]) => Promise<Change[]>

/** Reads from the database, and what this replica sees of them in Kubernetes. */
export function changesFrom(
  database: Database,
  engine: Pick<WorkspaceEngine, 'observe'>,
  hosts: SiteHosts,
): ReadChanges {
  return async (ids) =>
    (await everyWorkspaceOf(database, ids)).map((workspace) => ({
      id: workspace.id,
      ownerId: workspace.ownerId,
      organizationId: workspace.organizationId,
      update: JSON.stringify({
        type: 'update',
        workspace: showWorkspace(workspace, engine.observe(workspace.id), hosts),
      }),
    }))
}
