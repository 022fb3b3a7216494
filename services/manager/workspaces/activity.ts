import { recordSystem } from '../audit.ts'
import { type Database, type Queryable, transaction } from '../database.ts'

/** Notes that workspaces are in use; unknown ids are ignored. `now` is in milliseconds. */
export async function noteActivity(database: Queryable, ids: readonly string[], now: number): Promise<void> {
  await database.query(
    `UPDATE workspaces SET last_active_at = $2
     WHERE id = ANY ($1::text[]) AND desired = 'on' AND (last_active_at IS NULL OR last_active_at < $2)`,
    [ids, new Date(now)],
  )
}

/**
 * Stops workspaces that nobody has used for their auto-off time, counted from their last use or start. Returns how many.
 * Whether one is idle is decided by the database in the statement that stops it.
 */
export async function stopIdle(database: Database, now: number): Promise<number> {
  return await transaction(database, async (client) => {
    const { rows } = await client.query<{ id: string; name: string }>(
      `UPDATE workspaces SET desired = 'off', generation = generation + 1, attempts = 0, retry_at = NULL, failure = NULL,
         updated_at = $1
       WHERE desired = 'on' AND auto_off_minutes IS NOT NULL
         AND coalesce(last_active_at, updated_at) <= $1::timestamptz - auto_off_minutes * interval '1 minute'
       RETURNING id, name`,
      [new Date(now)],
    )
    for (const { id, name } of rows)
      await recordSystem(client, 'workspace.auto-off', { type: 'workspace', id, name }, now)
    return rows.length
  })
}
