import type { Standing } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import type { SiteRole } from '../permissions.ts'
import { findWorkspace, type Workspace } from './store.ts'

type Holder = { id: string; username: string; role: SiteRole }

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

/** A user who is active, and whose a workspace is that is on; undefined when any of that does not hold. */
export async function openableBy(
  database: Queryable,
  { user, workspace }: { user: string; workspace: string },
): Promise<{ user: Holder; ownerId: string; owner: Standing } | undefined> {
  const { rows } = await database.query<Holder & { ownerId: string; ownerRole: SiteRole }>(
    `SELECT users.id, users.username, users.role, owners.id AS "ownerId", owners.role AS "ownerRole"
     FROM users JOIN workspaces ON workspaces.id = $2 AND workspaces.desired = 'on'
     JOIN users AS owners ON owners.id = workspaces.owner_id
     WHERE users.id = $1 AND users.deactivated_at IS NULL`,
    [user, workspace],
  )
  if (rows[0] === undefined) return undefined
  const { ownerId, ownerRole, ...holder } = rows[0]
  return { user: holder, ownerId, owner: { role: ownerRole } }
}
