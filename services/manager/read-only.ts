import { setTimeout as sleep } from 'node:timers/promises'
import type { Queryable } from './database.ts'

/**
 * Whether an error says that the database takes no writes (SQLSTATE 25006, read_only_sql_transaction): whoever upgrades the
 * platform stops them, so that nothing is written that a way back would lose. So does a server that follows another one.
 */
export const isReadOnly = (error: unknown): boolean => (error as { code?: unknown }).code === '25006'

/** Whether the database takes writes now. */
export async function takesWrites(database: Queryable): Promise<boolean> {
  const { rows } = await database.query<{ is: string }>(`SELECT current_setting('transaction_read_only') AS is`)
  return rows[0]?.is === 'off'
}

/** Seconds after which a write may be tried again, and between tries of the manager's own. */
export const readOnlyRetry = 5

/** Runs `work`, again and again while the database takes no writes. */
export async function whenWritable(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    try {
      return await work()
    } catch (error) {
      if (!isReadOnly(error)) throw error
      await sleep(readOnlyRetry * 1000, undefined, { signal }).catch(() => undefined)
    }
}
