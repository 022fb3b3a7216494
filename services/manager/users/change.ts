import { advisoryLocks } from '../advisory-locks.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import type { SiteRole } from '../permissions.ts'
import { revokeSessions } from '../sessions.ts'

/**
 * Changes a user's role or whether the user may log in, in a transaction. Who is deactivated loses all sessions, and
 * their workspaces stop. `now` is in milliseconds.
 * @throws ApiError 409 USER_LAST_ADMIN when nobody would be left to administer the site
 */
export async function changeUser(
  client: Queryable,
  id: string,
  change: { role?: SiteRole; active?: boolean },
  now: number,
): Promise<void> {
  // two admins who demote each other at the same time: the second one sees what the first did
  await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks.admins])
  await client.query(
    `UPDATE users SET role = coalesce($2, role), deactivated_at = CASE $3::boolean
       WHEN true THEN NULL WHEN false THEN coalesce(deactivated_at, $4) ELSE deactivated_at END
     WHERE id = $1`,
    [id, change.role ?? null, change.active ?? null, new Date(now)],
  )
  const { rows } = await client.query(
    `SELECT 1 FROM users WHERE role = 'site-admin' AND deactivated_at IS NULL LIMIT 1`,
  )
  if (rows.length === 0)
    throw new ApiError(409, 'USER_LAST_ADMIN', 'this is the last site admin', {
      fix: 'give another active user the role site-admin first',
    })
  if (change.active !== false) return
  await revokeSessions(client, id)
  await client.query(
    `UPDATE workspaces SET desired = 'off', generation = generation + 1, attempts = 0, retry_at = NULL, updated_at = $2
     WHERE owner_id = $1 AND desired = 'on'`,
    [id, new Date(now)],
  )
}
