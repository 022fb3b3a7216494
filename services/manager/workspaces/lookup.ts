import type { Queryable } from '../database.ts'
import type { SiteRole } from '../permissions.ts'
import { findWorkspace, type Workspace } from './store.ts'

/** A workspace by the names of its owner, who is active, and of itself. */
export async function workspaceByNames(
  database: Queryable,
  username: string,
  name: string,
): Promise<Workspace | undefined> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT workspaces.id FROM workspaces JOIN users ON users.id = workspaces.owner_id
     WHERE users.username = $1 AND users.deactivated_at IS NULL AND workspaces.name = $2 AND desired <> 'deleted'`,
    [username, name],
  )
  return rows[0] && (await findWorkspace(database, rows[0].id))
}

/** A user who is active, with the owner of a workspace that is on; undefined when any of that does not hold. */
export async function openableBy(
  database: Queryable,
  { user, workspace }: { user: string; workspace: string },
): Promise<{ user: { id: string; username: string; role: SiteRole }; ownerId: string } | undefined> {
  const { rows } = await database.query<{ id: string; username: string; role: SiteRole; ownerId: string }>(
    `SELECT users.id, users.username, users.role, workspaces.owner_id AS "ownerId"
     FROM users JOIN workspaces ON workspaces.id = $2 AND workspaces.desired = 'on'
     WHERE users.id = $1 AND users.deactivated_at IS NULL`,
    [user, workspace],
  )
  const row = rows[0]
  return row && { user: { id: row.id, username: row.username, role: row.role }, ownerId: row.ownerId }
}
