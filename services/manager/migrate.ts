import type { FastifyBaseLogger } from 'fastify'
import { advisoryLocks } from './advisory-locks.ts'
import type { Database } from './database.ts'
import { migrationsDirectory, readMigrations } from './migration.ts'

/**
 * Brings the database to the newest migration, forward only, each in its own transaction. Replicas that start together
 * wait for each other on an advisory lock. Each is noted with its class and with what takes it back, so that an older
 * release can be brought back without this one's files. Returns the names that were applied.
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
    await client.query(`CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(), class text NOT NULL, back text)`)
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
      await client.query(migration.forward)
      await client.query('INSERT INTO migrations (name, hash, class, back) VALUES ($1, $2, $3, $4)', [
        migration.name,
        migration.hash,
        migration.class,
        migration.back ?? null,
      ])
      await client.query('COMMIT')
      log.info({ migration: migration.name, class: migration.class }, 'migrated')
      applied.push(migration.name)
    }
  } finally {
    // closing the connection ends an open transaction and frees the lock
    client.release(true)
  }
  return applied
}
