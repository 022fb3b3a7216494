import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './database.ts'

/** Advisory locks of the manager in PostgreSQL; any two numbers that differ would do. */
export const advisoryLocks = {
  migrations: 735_401,
  firstAdmin: 735_402,
  reconcile: 735_403,
  admins: 735_404,
  releaseImage: 735_405,
  identities: 735_406,
} as const

export const migrationsDirectory = new URL('./migrations/', import.meta.url)

type Migration = { name: string; sql: string; hash: string }

/** The migrations of a directory in the order of their names. */
export async function readMigrations(directory: URL = migrationsDirectory): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{3}_[a-z_]+\.sql$/.test(name)).sort()
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8')
      return { name, sql, hash: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/**
 * Brings the database to the newest migration, forward only, each in its own transaction. Replicas that start together
 * wait for each other on an advisory lock. Returns the names that were applied.
 * @throws Error when the database is newer than this manager, or when an applied migration has since been changed
 */
export async function migrate(
  database: Database,
  log: Pick<FastifyBaseLogger, 'info'>,
  directory: URL = migrationsDirectory,
): Promise<string[]> {
  const migrations = await readMigrations(directory)
  const client = await database.connect()
  const applied: string[] = []
  try {
    // a replica may wait for another one's long migration
    await client.query('SET statement_timeout = 0')
    await client.query('SELECT pg_advisory_lock($1)', [advisoryLocks.migrations])
    await client.query(`CREATE TABLE IF NOT EXISTS migrations (
      name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`)
    const { rows } = await client.query<{ name: string; hash: string }>('SELECT name, hash FROM migrations')
    const known = new Map(migrations.map((migration) => [migration.name, migration]))
    for (const row of rows) {
      const migration = known.get(row.name)
      if (migration === undefined)
        throw new Error(`the database has migration ${row.name}, which this manager does not know: it is older`)
      if (migration.hash !== row.hash) throw new Error(`migration ${row.name} was changed after it was applied`)
    }
    const done = new Set(rows.map((row) => row.name))
    for (const migration of migrations) {
      if (done.has(migration.name)) continue
      await client.query('BEGIN')
      await client.query(migration.sql)
      await client.query('INSERT INTO migrations (name, hash) VALUES ($1, $2)', [migration.name, migration.hash])
      await client.query('COMMIT')
      log.info({ migration: migration.name }, 'migrated')
      applied.push(migration.name)
    }
  } finally {
    // closing the connection ends an open transaction and frees the lock
    client.release(true)
  }
  return applied
}
