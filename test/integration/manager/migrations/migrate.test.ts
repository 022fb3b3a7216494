import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { type Database, openDatabase, transaction } from '../../../../services/manager/database.ts'
import { migrate } from '../../../../services/manager/migrate.ts'
import { readMigrations } from '../../../../services/manager/migration.ts'
import type { SchemaRefusal } from '../../../../services/manager/schema-refusal.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { type Postgres, startPostgres } from '../../postgres.ts'
import { connection, newDatabase, silent } from '../site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const one = 'CREATE TABLE one (a int)'
const two = 'CREATE TABLE two (a int)'

/** A migration with this SQL, as a file has it. */
const step = (sql: string, back?: string) =>
  back === undefined
    ? `-- class: irreversible\n-- says: A step of a test.\n${sql}`
    : `-- class: additive\n-- says: A step of a test.\n${sql};\n-- back:\n${back};`

/** A directory of migrations `001_step.sql`, … */
async function directoryOf(t: TestContext, ...texts: string[]): Promise<{ directory: URL }> {
  const path = await temporaryDirectory(t)
  for (const [i, text] of texts.entries()) await writeFile(join(path, `00${i + 1}_step.sql`), text)
  return { directory: pathToFileURL(`${path}/`) }
}

async function refusal(migrating: Promise<unknown>): Promise<SchemaRefusal> {
  const refused = await migrating.then(
    () => assert.fail('it was not refused'),
    (error: SchemaRefusal) => error,
  )
  assert.ok(refused.code, String(refused))
  return refused
}

const tables = async (database: Database) =>
  (
    await database.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    )
  ).rows.map((row) => row.name)

test('replicas that start together apply each migration once', async (t) => {
  const database = await newDatabase(t, postgres)
  const applied = (await Promise.all(Array.from({ length: 5 }, () => migrate(database, silent)))).flat()
  assert.deepEqual(
    applied,
    (await readMigrations()).map(({ name }) => name),
  )
  assert.deepEqual(await migrate(database, silent), [])
})

test('the row of a migration has its class and what takes it back, and that is enough to go back and forward', async (t) => {
  const database = await newDatabase(t, postgres)
  const release = await directoryOf(t, step(one), step(two, 'DROP TABLE two'))
  await migrate(database, silent, release)
  const { rows } = await database.query('SELECT name, class, back, columns FROM migrations ORDER BY name')
  assert.deepEqual(rows, [
    { name: '001_step.sql', class: 'irreversible', back: null, columns: ['one.a'] },
    { name: '002_step.sql', class: 'additive', back: 'DROP TABLE two;', columns: ['one.a', 'two.a'] },
  ])
  await transaction(database, async (client) => {
    await client.query(rows[1]?.back ?? '')
    await client.query('DELETE FROM migrations WHERE name = $1', [rows[1]?.name])
  })
  assert.deepEqual(await tables(database), ['migrations', 'one'])
  assert.deepEqual(await migrate(database, silent, await directoryOf(t, step(one))), [], 'the older release is at home')
  assert.deepEqual(await migrate(database, silent, release), ['002_step.sql'])
})

test('a migration that fails leaves nothing of itself behind, says what PostgreSQL says, and is applied once mended', async (t) => {
  const database = await newDatabase(t, postgres)
  const failing = await directoryOf(t, step(one), step(`${two}; SELECT 1/0`), step('CREATE TABLE three (a int)'))
  const { code, message, why } = await refusal(migrate(database, silent, failing))
  assert.deepEqual([code, message], ['MIGRATION_FAILED', 'migration 002_step.sql failed: division by zero'])
  assert.match(why, /SQLSTATE 22012/)
  assert.deepEqual(await tables(database), ['migrations', 'one'])
  assert.deepEqual(await migrate(database, silent, await directoryOf(t, step(one), step(two))), ['002_step.sql'])
})

test('a database of a newer release is refused, unless that is additive and about to be taken back', async (t) => {
  const database = await newDatabase(t, postgres)
  await migrate(database, silent, await directoryOf(t, step(one), step(two, 'DROP TABLE two')))
  const older = await directoryOf(t, step(one))
  const { code, message } = await refusal(migrate(database, silent, older))
  assert.equal(code, 'SCHEMA_NEWER')
  assert.match(message, /002_step.sql/)
  await database.query(`UPDATE migrations SET leaving = true WHERE name = '002_step.sql'`)
  assert.deepEqual(await migrate(database, silent, older), [])
  await database.query(`UPDATE migrations SET class = 'irreversible' WHERE name = '002_step.sql'`)
  assert.equal((await refusal(migrate(database, silent, older))).code, 'SCHEMA_NEWER')
})

test('a migration that was changed after it was applied is refused', async (t) => {
  const database = await newDatabase(t, postgres)
  await migrate(database, silent, await directoryOf(t, step(one)))
  const { code, message } = await refusal(
    migrate(database, silent, await directoryOf(t, step('CREATE TABLE one (b int)'))),
  )
  assert.equal(code, 'SCHEMA_CHANGED')
  assert.match(message, /001_step.sql/)
  assert.deepEqual(await tables(database), ['migrations', 'one'])
})

test('a database that is half way is refused: a gap, a row without its effects, effects without a row', async (t) => {
  const release = await directoryOf(t, step(one), step(two), step('ALTER TABLE two ADD b int'))
  for (const [harm, said] of [
    [`DELETE FROM migrations WHERE name = '002_step.sql'`, /002_step.sql is not applied, and 003_step.sql is/],
    ['DROP TABLE one', /003_step.sql is applied, and one.a of what it left is missing/],
    ['ALTER TABLE two DROP b', /003_step.sql is applied, and two.b/],
    ['ALTER TABLE two RENAME b TO c', /003_step.sql is applied, and two.b/],
    [
      'DROP TABLE migrations',
      /001_step.sql is not applied, and something of it is there: relation "one" already exists/,
    ],
    [
      `DELETE FROM migrations WHERE name = '003_step.sql'`,
      /003_step.sql is not applied, and .*column "b".*already exists/,
    ],
    ['TRUNCATE migrations', /001_step.sql is not applied, and something of it is there/],
  ] as const) {
    const database = await newDatabase(t, postgres)
    await migrate(database, silent, release)
    await database.query(harm)
    const { code, message } = await refusal(migrate(database, silent, release))
    assert.equal(code, 'SCHEMA_HALF', harm)
    assert.match(message, said, harm)
  }
})

test('what an operator adds to the schema keeps no manager from starting', async (t) => {
  const database = await newDatabase(t, postgres)
  await migrate(database, silent)
  await database.query('CREATE TABLE own (a int); ALTER TABLE users ADD own int; CREATE INDEX ON audit (at)')
  assert.deepEqual(await migrate(database, silent), [])
})

test('a migration runs where the database takes no writes, and for longer than a request may', async (t) => {
  const database = await newDatabase(t, postgres)
  const name = database.options.database as string
  await database.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  const hurried = openDatabase({ ...connection(postgres), database: name, ca: undefined }, silent)
  t.after(() => hurried.end())
  Object.assign(hurried.options, { query_timeout: 300, statement_timeout: 300 })
  await assert.rejects(hurried.query('SELECT pg_sleep(1)'))
  await assert.rejects(hurried.query(one), { code: '25006' })
  const slow = await directoryOf(t, step(`SELECT pg_sleep(1); ${one}`))
  assert.deepEqual(await migrate(hurried, silent, slow), ['001_step.sql'])
})

test('a migration waits for a lock in short turns, so that requests pass between, and says who has it', async (t) => {
  const database = await newDatabase(t, postgres)
  const name = database.options.database as string
  await migrate(database, silent, await directoryOf(t, step(one)))
  const next = await directoryOf(t, step(one), step('ALTER TABLE one ADD b int'))
  const dump = new pg.Client({ ...connection(postgres), database: name })
  await dump.connect()
  t.after(() => dump.end())
  await dump.query('SET application_name = pg_dump; BEGIN; LOCK TABLE one IN ACCESS SHARE MODE')
  const warned: string[] = []
  const log = { ...silent, warn: (about: unknown) => void warned.push(JSON.stringify(about)) }
  const migrating = migrate(database, log, { ...next, patience: 3_000 })
  const refused = refusal(migrating)
  const reader = openDatabase({ ...connection(postgres), database: name, ca: undefined }, silent)
  t.after(() => reader.end())
  let over = false
  void refused.finally(() => {
    over = true
  })
  let slowest = 0
  while (!over) {
    const from = performance.now()
    await reader.query('SELECT count(*) FROM one')
    slowest = Math.max(slowest, performance.now() - from)
    await sleep(20)
  }
  assert.ok(slowest < 1_500, `a request waited ${slowest} ms`)
  const { code, why } = await refused
  assert.equal(code, 'MIGRATION_BLOCKED')
  assert.match(why, /pg_dump \(PID \d+\) has a transaction open for \d+ s/)
  assert.equal(warned.length > 0, true)
  const again = migrate(database, silent, next)
  await sleep(500)
  await dump.query('COMMIT')
  assert.deepEqual(await again, ['002_step.sql'])
})
