import type { Queryable } from '../database.ts'
import { editorPort, workspaceOfEditor } from './label.ts'
import { type DevUrl, devUrlByLabel } from './store.ts'

/** What is at a label: a dev URL, or the editor of a workspace. */
export async function devUrlAt(database: Queryable, label: string): Promise<DevUrl | undefined> {
  const workspace = workspaceOfEditor(label)
  if (workspace === undefined) return await devUrlByLabel(database, label)
  const found = await editorOf(database, workspace)
  return found && { ...found, id: label, label, port: editorPort, access: 'private' }
}

/**
 * An editor is a dev URL that is there without being added, and that nobody can share. As those, it is not there for a
 * workspace that is deleted, or of someone who may no longer log in.
 */
async function editorOf(database: Queryable, workspace: string) {
  const { rows } = await database.query<Omit<DevUrl, 'id' | 'label' | 'port' | 'access'>>(
    `SELECT workspaces.id AS "workspaceId", workspaces.name AS "workspaceName", owner_id AS "ownerId",
       organization_id AS "organizationId", workspaces.created_at AS "createdAt"
     FROM workspaces JOIN users ON users.id = owner_id AND users.deactivated_at IS NULL
     WHERE workspaces.id = $1 AND desired <> 'deleted'`,
    [workspace],
  )
  return rows[0]
}
