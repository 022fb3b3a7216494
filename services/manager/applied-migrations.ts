import type { Queryable } from './database.ts'
import type { Migration } from './migration.ts'
import { SchemaRefusal } from './schema-refusal.ts'

type Applied = { name: string; hash: string; class: string; leaving: boolean; columns: string[] }

/**
 * The table of applied migrations. `back` is what takes one back, so that an older release needs no file of a newer one.
 * `columns` are all that the schema had after it. `leaving` is set by who is about to take it back.
 */
const table = `CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(), class text NOT NULL, back text, columns text[] NOT NULL,
  leaving boolean NOT NULL DEFAULT false)`

const present = `SELECT coalesce(array_agg(c.relname || '.' || attname ORDER BY c.relname, attname), '{}')
  FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'`

/**
 * Compares what the database has with what this manager knows. Returns the migrations that are still to be applied.
 * @throws SchemaRefusal SCHEMA_NEWER, SCHEMA_CHANGED, SCHEMA_HALF
 */
export async function pendingMigrations(client: Queryable, migrations: readonly Migration[]): Promise<Migration[]> {
  await client.query(table)
  const { rows } = await client.query<Applied>(
    'SELECT name, hash, class, leaving, columns FROM migrations ORDER BY name COLLATE "C"',
  )
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { name, hash, class: kind, leaving } of rows) {
    const migration = known.get(name)
    if (migration === undefined) {
      // an older release comes back: it works on what is about to go, and nothing else can be let in before it runs
      if (leaving && kind === 'additive') continue
      throw new SchemaRefusal('SCHEMA_NEWER', `the database has migration ${name}, which this release does not know`, {
        why: 'a newer release has been at work on it, and this one could write what that cannot read',
        fix: 'sealift rollback, which takes the database back too; or install the newer release again',
      })
    }
    if (migration.hash !== hash)
      throw new SchemaRefusal('SCHEMA_CHANGED', `migration ${name} is not the one that was applied`, {
        why: 'the file of this release differs from the one that made the schema, so that nobody knows what it is now',
        fix: 'install the release that applied it, or ask the vendor for one that goes on from there',
      })
  }
  const done = new Set(rows.map(({ name }) => name))
  const pending = migrations.filter(({ name }) => !done.has(name))
  const [first] = pending
  const newest = rows.at(-1)
  if (first !== undefined && newest !== undefined && first.name < newest.name)
    throw half(`migration ${first.name} is not applied, and ${newest.name} is`)
  await assertEffects(
    client,
    rows.findLast(({ name }) => known.has(name)),
  )
  return pending
}

/** Notes that a migration was applied, in the transaction that applied it. */
export async function noteMigration(client: Queryable, migration: Migration): Promise<void> {
  await client.query(
    `INSERT INTO migrations (name, hash, class, back, columns) VALUES ($1, $2, $3, $4, (${present}))`,
    [migration.name, migration.hash, migration.class, migration.back ?? null],
  )
}

/** What a migration left must be there: tables may have been restored one by one, or dropped by hand. */
async function assertEffects(client: Queryable, newest: Applied | undefined): Promise<void> {
  if (newest === undefined) return
  const { rows } = await client.query<{ there: string[] }>(`SELECT (${present}) AS there`)
  const there = new Set(rows[0]?.there)
  const missing = newest.columns.filter((column) => !there.has(column))
  if (missing.length > 0)
    throw half(`migration ${newest.name} is applied, and ${missing.slice(0, 3).join(', ')} of what it left is missing`)
}

/** A database that is neither before a migration nor after it. */
export const half = (message: string, cause?: unknown): SchemaRefusal =>
  new SchemaRefusal('SCHEMA_HALF', message, {
    why: 'each migration is applied whole or not at all, so something else changed the database: a restore of a part, or a hand',
    fix: 'sealift backup restore, or restore the whole database from your own backup',
    cause,
  })
