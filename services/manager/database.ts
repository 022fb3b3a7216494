import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import pg from 'pg'
import type { Environment } from './environment.ts'

export type Database = pg.Pool
/** A pool or a client inside a transaction: what a query needs. */
export type Queryable = Pick<pg.Pool, 'query'>

type Log = Pick<FastifyBaseLogger, 'warn'>

/**
 * A pool that outlives restarts of PostgreSQL: a broken idle connection is dropped and the next query opens a new one.
 * Statements end after 10 s. Where the database takes no writes, a connection serves once: how one begins is how it stays, and
 * the next may find that writes are back. With a CA, the server's certificate must name its host (verify-full).
 */
export function openDatabase(settings: Environment['database'], log: Log): Database {
  const { ca, ...connection } = settings
  const readOnly = new WeakSet<pg.ClientBase>()
  const pool = new pg.Pool({
    ...connection,
    // what a node that lost its power held, such as a lock, is free within a minute
    async onConnect(client) {
      const { rows } = await client.query<{ is: string }>(`SELECT current_setting('transaction_read_only') AS is,
        set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
        set_config('tcp_keepalives_count', '3', false)`)
      if (rows[0]?.is === 'on') readOnly.add(client)
    },
    ssl: ca === undefined ? false : { ca, minVersion: 'TLSv1.2' },
    max: 10,
    application_name: 'cde-manager',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
    query_timeout: 15_000,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
  })
  pool.on('release', (_error, client) => {
    if (readOnly.has(client)) void client.end()
  })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'))
  return pool
}

/**
 * Waits until the database answers: tries again after 0.2 s, doubling to 5 s, until `limit` milliseconds are over.
 * @throws the last error
 */
export async function waitForDatabase(database: Database, log: Log, limit = 120_000): Promise<void> {
  const end = Date.now() + limit
  for (let delay = 200; ; delay = Math.min(delay * 2, 5_000)) {
    try {
      await database.query('SELECT 1')
      return
    } catch (error) {
      if (Date.now() + delay > end) throw error
      log.warn({ reason: (error as Error).message, delay }, 'the database does not answer yet')
      await sleep(delay)
    }
  }
}

/** Runs `work` in one transaction, rolled back when it throws. */
export async function transaction<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}

const gone = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', '53300'])

/** Whether an error says that the database is not there (as opposed to: it refused a statement). */
export function isDatabaseDown(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseDown)
  const { code, message } = error as { code?: unknown; message?: unknown }
  // SQLSTATE class 08 is "connection exception", 57P0x "the server is shutting down or starting"
  if (typeof code === 'string' && (gone.has(code) || code.startsWith('08') || code.startsWith('57P0'))) return true
  return typeof message === 'string' && /^Connection terminated|timeout exceeded when trying to connect/.test(message)
}
