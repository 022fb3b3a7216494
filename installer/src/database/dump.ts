import type { Database } from './database.ts'
import { openSession, type Session } from './session.ts'

/** A state of the database that stands still: what is asked and what is dumped are the same. */
export interface Snapshot extends Pick<Session, 'query' | 'close'> {
  /** Dumps it (pg_dump, custom format). @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC; what `onBytes` throws */
  dump(onBytes: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void>
}

/** milliseconds that a dump waits for a table that somebody changes */
const lockWait = 60_000

/** Takes a snapshot (manual, "Snapshot Synchronization Functions"); it lasts until it is closed. @throws SealiftError CLUSTER_* */
export async function takeSnapshot(database: Database, signal: AbortSignal): Promise<Snapshot> {
  const session = await openSession(database, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', signal)
  try {
    const [{ id } = { id: '' }] = await session.query<{ id: string }>('SELECT pg_export_snapshot() AS id')
    return {
      query: session.query,
      close: session.close,
      dump: (onBytes, until) => database.exec([...pgDump, `--snapshot=${id}`], { onStdout: onBytes, signal: until }),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** The platform's tables alone. A light compression: a dump is as fast as its slowest part, which a heavier one would be. */
const pgDump = [...['pg_dump', '--format=custom', '--compress=1', '--schema=public', `--lock-wait-timeout=${lockWait}`]]
