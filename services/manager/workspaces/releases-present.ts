import { advisoryLocks } from '../advisory-locks.ts'
import type { Queryable } from '../database.ts'

// a lock of two numbers, which each replica shares for as long as it runs: the kind, and its release
const present = `SELECT pid, objid::bigint AS release FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND objsubid = 2 AND classid = ${advisoryLocks.releases}`

/** Says to all replicas, for as long as the session lives, that one of this release runs. */
export async function announce(client: Queryable, release: number): Promise<void> {
  await client.query('SELECT pg_advisory_lock_shared($1, $2)', [advisoryLocks.releases, release])
}

/** Whether a replica of a newer release runs. */
export async function newerRuns(database: Queryable, release: number): Promise<boolean> {
  const { rowCount } = await database.query(`SELECT 1 FROM (${present}) AS runs WHERE release > $1`, [release])
  return (rowCount ?? 0) > 0
}

/** Whether the replica that reconciles is one of an older release. */
export async function olderLeads(database: Queryable, release: number): Promise<boolean> {
  const { rowCount } = await database.query(
    `SELECT 1 FROM (${present}) AS runs JOIN pg_locks AS leads ON leads.pid = runs.pid AND leads.locktype = 'advisory'
       AND leads.granted AND leads.objsubid = 1 AND leads.classid = 0 AND leads.objid = ${advisoryLocks.reconcile}
     WHERE runs.release < $1`,
    [release],
  )
  return (rowCount ?? 0) > 0
}
