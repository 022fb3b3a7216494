import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import pg from 'pg'
import { type Database, openDatabase, transaction } from '../../../../services/manager/database.ts'
import { parseMigration, readMigrations } from '../../../../services/manager/migration.ts'
import { type Postgres, startPostgres } from '../../postgres.ts'
import { connection, silent } from '../site.ts'
import { firstRelease } from './baseline.ts'
import { oldWrites } from './old-writes.ts'
import { prove } from './prove.ts'
import { readSchema } from './schema.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** A database as a site has it: of a role that owns it, and may do nothing else. */
async function siteDatabase(t: TestContext): Promise<Database> {
  const name = `site${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ ...connection(postgres), database: 'postgres' })
  await admin.connect()
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`)
  await admin.query(`CREATE DATABASE ${name} OWNER ${name}`)
  await admin.end()
  const own = { ...connection(postgres), user: name, password: name, database: name, ca: undefined }
  const database = openDatabase(own, silent)
  t.after(() => database.end())
  return database
}

/** The database of the first release, with rows of its own. */
async function firstSite(t: TestContext): Promise<Database> {
  const database = await siteDatabase(t)
  for (const { name, forward } of await readMigrations())
    if (name <= firstRelease) await transaction(database, (client) => client.query(forward))
  await transaction(database, (client) => client.query(oldWrites('0')))
  return database
}

test('each migration of the first release is what its class says', async (t) => {
  const database = await siteDatabase(t)
  const migrations = (await readMigrations()).filter(({ name }) => name <= firstRelease)
  assert.equal(migrations.at(-1)?.name, firstRelease)
  for (const migration of migrations)
    assert.deepEqual(await prove(database, migration, { runs: false }), [], migration.name)
})

test('each later migration is what its class says: the code of before works on, and the way back is exact', async (t) => {
  const database = await firstSite(t)
  const later = (await readMigrations()).filter(({ name }) => name > firstRelease)
  for (const [i, migration] of later.entries()) {
    const writes = oldWrites(String.fromCharCode('a'.charCodeAt(0) + (i % 26)))
    assert.deepEqual(await prove(database, migration, { runs: true, writes }), [], migration.name)
  }
})

test('the first release writes to each of its tables', async (t) => {
  const database = await firstSite(t)
  for (const { kind, name } of (await readSchema(database)).values())
    if (kind === 'table') assert.ok((await database.query(`SELECT 1 FROM ${name}`)).rowCount, `nothing is in ${name}`)
})

test('a migration that is not what it says is found', async (t) => {
  const database = await firstSite(t)
  const additive = 'additive'
  for (const [kind, forward, back, why] of [
    [additive, 'ALTER TABLE users DROP COLUMN deactivated_at', 'SELECT 1', /users.deactivated_at is gone/],
    [
      additive,
      'ALTER TABLE users ADD realm text NOT NULL DEFAULT random()::text',
      'ALTER TABLE users DROP realm',
      /rewritten/,
    ],
    [additive, `UPDATE users SET role = 'site-member'`, 'SELECT 1', /rows of public.users are not what they were/],
    [additive, 'DELETE FROM login_attempts', 'SELECT 1', /rows of public.login_attempts are not/],
    [
      additive,
      'CREATE TABLE owners (id text PRIMARY KEY REFERENCES organizations)',
      'DROP TABLE owners',
      /keeps old code from deleting rows of public.organizations/,
    ],
    [
      additive,
      `ALTER TABLE audit ADD CONSTRAINT late CHECK (at > '2026-01-01' AND target_id <> 'gone00000x')`,
      'ALTER TABLE audit DROP CONSTRAINT late',
      /old code cannot write any more: .*late/,
    ],
    [additive, 'ALTER TABLE users ADD realm text', 'SELECT 1', /the way back leaves column public.users.realm/],
    [
      additive,
      'CREATE INDEX i ON audit (at)',
      'DROP INDEX i; DROP INDEX audit_actor',
      /does not bring back index public.audit_actor/,
    ],
    [
      additive,
      'CREATE TABLE new (a int)',
      'DROP TABLE new; DELETE FROM identities',
      /the way back loses rows of public.identities/,
    ],
    [
      'rewriting users',
      'UPDATE members SET role = $$organization-member$$',
      undefined,
      /rewrites public.members and does not say/,
    ],
    [
      'rewriting users',
      'ALTER TABLE audit ADD at2 timestamptz DEFAULT clock_timestamp()',
      undefined,
      /rewrites public.audit/,
    ],
    ['rewriting nobody', 'SELECT 1', undefined, /there is no such table/],
  ] as const) {
    const text = `-- class: ${kind}\n-- says: A migration of a test.\n${forward};\n${back ? `-- back:\n${back};` : ''}`
    const name = `t${randomBytes(4).toString('hex')}`
    const migration = parseMigration('099_test.sql', text)
    const copy = await copyOf(t, database, name)
    assert.match((await prove(copy, migration, { runs: true, writes: oldWrites('x') })).join('\n'), why, forward)
  }
})

/** Another database of the same content. */
async function copyOf(t: TestContext, database: Database, name: string): Promise<Database> {
  const { database: from, user } = database.options
  const admin = new pg.Client({ ...connection(postgres), database: 'postgres' })
  await admin.connect()
  // nobody may be connected to what is copied
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from])
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${from} OWNER ${user}`)
  await admin.end()
  const copy = openDatabase(
    { ...connection(postgres), user: user as string, password: user as string, database: name, ca: undefined },
    silent,
  )
  t.after(() => copy.end())
  return copy
}
