import type { Queryable } from '../database.ts'
import type { WorkspaceSpec } from './engine.ts'
import type { Desired } from './store.ts'

/** A workspace whose objects are not yet what its row asks for. */
export type Unfinished = WorkspaceSpec & { desired: Desired; generation: number; attempts: number }

const columns = `workspaces.id, image, cpu_milli AS "cpuMilli", memory_gib AS "memoryGiB", disk_gib AS "diskGiB", gpus,
  desired, desired = 'on' AS on, generation, attempts, rebuilds, applied_generation > 0 AS "homeMade",
  (SELECT pull_secret FROM images JOIN registries ON registries.id = registry_id WHERE images.id = image_id) AS "pullSecret",
  coalesce((SELECT release_image FROM images WHERE images.id = image_id), false) AS "ofRelease"`
const batch = 200

/** Workspaces to work on now: changed or deleted, and not waiting for a retry. `now` is in milliseconds. */
export async function unfinished(database: Queryable, now: number): Promise<Unfinished[]> {
  const { rows } = await database.query<Unfinished>(
    `SELECT ${columns} FROM workspaces WHERE (desired = 'deleted' OR applied_generation < generation)
       AND (retry_at IS NULL OR retry_at <= $1) ORDER BY updated_at LIMIT ${batch}`,
    [new Date(now)],
  )
  return rows
}

/** Ids of workspaces whose objects should all be there. */
export async function finishedIds(database: Queryable): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT id FROM workspaces WHERE desired <> 'deleted' AND applied_generation >= generation`,
  )
  return rows.map((row) => row.id)
}

/** Notes that Kubernetes has this generation. Returns false when the workspace was deleted meanwhile. */
export async function noteApplied(database: Queryable, id: string, generation: number): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE workspaces SET applied_generation = greatest(applied_generation, $2), attempts = 0, retry_at = NULL,
       failure = NULL
     WHERE id = $1 AND desired <> 'deleted'`,
    [id, generation],
  )
  return rowCount === 1
}

/** Notes a failure and when to try again; `failure` is what the owner reads, undefined while it may pass by itself. */
export async function noteFailure(
  database: Queryable,
  id: string,
  { failure, retryAt }: { failure: string | undefined; retryAt: number },
): Promise<void> {
  await database.query('UPDATE workspaces SET attempts = attempts + 1, retry_at = $2, failure = $3 WHERE id = $1', [
    id,
    new Date(retryAt),
    failure?.slice(0, 1000) ?? null,
  ])
}

/** Asks for the objects to be applied again, because they have vanished. */
export async function reapply(database: Queryable, id: string): Promise<void> {
  await database.query(
    `UPDATE workspaces SET generation = generation + 1 WHERE id = $1 AND desired <> 'deleted'
       AND applied_generation >= generation`,
    [id],
  )
}

/** Forgets a deleted workspace whose objects are gone. */
export async function forget(database: Queryable, id: string): Promise<void> {
  await database.query(`DELETE FROM workspaces WHERE id = $1 AND desired = 'deleted'`, [id])
}
