import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { PoolClient } from 'pg'
import { advisoryLocks } from './advisory-locks.ts'
import { half, noteMigration, pendingMigrations } from './applied-migrations.ts'
import { type Database, isDatabaseDown } from './database.ts'
import { type Migration, migrationsDirectory, readMigrations } from './migration.ts'
import { SchemaRefusal } from './schema-refusal.ts'

type Log = Pick<FastifyBaseLogger, 'info' | 'warn'>
type Options = {
  directory?: URL
  /** milliseconds in all that a migration tries to lock its tables */ patience?: number
}

/**
 * How long one try waits for a lock, in milliseconds: behind it wait the requests of replicas that run. Well below
 * deadlock_timeout (1 s), so that it is never one of theirs that PostgreSQL ends.
 */
const lockWait = 200
/** longest delay that a timer takes: the pool's own limits are for requests */
const unlimited = 2 ** 31 - 1

/**
 * Brings the database to the newest migration, forward only, each in its own transaction, which also notes it. Replicas
 * that start together wait for each other on an advisory lock. It works where the database refuses writes to others.
 * Returns the names that were applied.
 * @throws SchemaRefusal SCHEMA_*, MIGRATION_FAILED, MIGRATION_BLOCKED; then the database is as it was
 */
export async function migrate(
  database: Database,
  log: Log,
  { directory = migrationsDirectory, patience = 5 * 60_000 }: Options = {},
): Promise<string[]> {
  const migrations = await readMigrations(directory)
  const client = await database.connect()
  const applied: string[] = []
  try {
    // writes may be stopped for all others while a release changes
    await client.query(`SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
      SET default_transaction_read_only = off`)
    // what this process began ends with it, where PostgreSQL runs on an operating system that can tell
    await client.query(`SET client_connection_check_interval = '5s'`).catch(() => undefined)
    await client.query(unhurried('SELECT pg_advisory_lock($1)', [advisoryLocks.migrations]))
    for (const migration of await pendingMigrations(client, migrations)) {
      log.info({ migration: migration.name, class: migration.class }, 'migrating')
      await apply(client, migration, { log, patience })
      log.info({ migration: migration.name }, 'migrated')
      applied.push(migration.name)
    }
  } finally {
    // closing the connection ends an open transaction and frees the lock
    client.release(true)
  }
  return applied
}

const unhurried = (text: string, values?: unknown[]) => ({ text, ...(values && { values }), query_timeout: unlimited })

async function apply(client: PoolClient, migration: Migration, { log, patience }: { log: Log; patience: number }) {
  const { name } = migration
  const end = Date.now() + patience
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockWait}`)
      await client.query(unhurried(migration.forward))
      await noteMigration(client, migration)
      await client.query('COMMIT')
      return
    } catch (error) {
      if (isDatabaseDown(error)) throw error
      await client.query('ROLLBACK')
      const { code = '', message } = error as { code?: string; message: string }
      if (thereAlready.has(code))
        throw half(`migration ${name} is not applied, and something of it is there: ${message}`, error)
      if (!locked.has(code))
        throw new SchemaRefusal('MIGRATION_FAILED', `migration ${name} failed: ${message}`, {
          why: `PostgreSQL refuses it (SQLSTATE ${code || 'none'}); the database is as it was before`,
          fix: 'sealift rollback, and send this to the vendor; or mend what PostgreSQL says, and it is tried again',
          cause: error,
        })
      const others = await longTransactions(client)
      if (Date.now() > end)
        throw new SchemaRefusal('MIGRATION_BLOCKED', `migration ${name} cannot lock its tables: ${message}`, {
          why: others || 'requests keep them locked',
          fix: 'let that end, or end it (SELECT pg_terminate_backend(PID)); it is tried again',
          cause: error,
        })
      if (tries % 20 === 1)
        log.warn({ migration: name, others }, 'a migration waits for tables that others have locked')
      await sleep(lockWait * (2 + Math.random() * 2))
    }
  }
}

// duplicate_table, duplicate_column, duplicate_object, duplicate_function, duplicate_schema
const thereAlready = new Set(['42P07', '42701', '42710', '42723', '42P06'])
// lock_not_available, deadlock_detected
const locked = new Set(['55P03', '40P01'])

/** Who has had a transaction open for longer than requests do, such as a dump, for a person; empty where nobody has. */
async function longTransactions(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; seconds: number }>(
    `SELECT pid, coalesce(nullif(application_name, ''), usename, 'a session') AS name,
       extract(epoch FROM now() - xact_start)::int AS seconds
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND xact_start < now() - interval '2 s' ORDER BY xact_start LIMIT 3`,
  )
  return rows
    .map(
      ({ pid, name, seconds }) =>
        `${name.replace(/[^ -~]/g, '?')} (PID ${pid}) has a transaction open for ${seconds} s`,
    )
    .join(', ')
}
