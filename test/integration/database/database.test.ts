import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { appliedMigrations } from '../../../installer/src/database/applied-migrations.ts'
import { markLeaving, migrateBack, unmarkLeaving } from '../../../installer/src/database/back.ts'
import { tellPeople, withdrawNotice } from '../../../installer/src/database/notices.ts'
import { openDatabase } from '../../../installer/src/database/open.ts'
import { tableSizes } from '../../../installer/src/database/tables.ts'
import { areWritesStopped, resumeWrites, stopWrites } from '../../../installer/src/database/writes.ts'
import { type Migration, readMigrations } from '../../../services/manager/migration.ts'
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts'
import { databaseSite } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
})
after(() => postgres?.stop())

const emptied = () => postgres.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public')

async function opened(t: TestContext) {
  await emptied()
  const { fake } = await databaseSite(t, postgres)
  return await openDatabase(fake.connect(), 'cde')
}

test('rows come as they are, whatever is in them and whatever the role prefers', async (t) => {
  const database = await opened(t)
  assert.deepEqual({ own: database.own, major: database.major }, { own: true, major: postgres.major })
  await postgres.sql("ALTER ROLE cde SET DateStyle = 'German'; ALTER ROLE cde SET statement_timeout = 1")
  t.after(() => postgres.sql('ALTER ROLE cde RESET ALL'))
  const text = 'a\nb\t\'"\\ :HOST \\! ü'
  await database.script(
    `CREATE TABLE t (a text, d date, n int); INSERT INTO t VALUES ('${text.replace("'", "''")}', '2026-02-01', NULL)`,
  )
  assert.deepEqual(await database.query('SELECT a, d::text AS d, n FROM t -- the end'), [
    { a: text, d: '2026-02-01', n: null },
  ])
  assert.deepEqual(await database.query('SELECT * FROM t WHERE false'), [])
  assert.deepEqual(await database.query('DELETE FROM t RETURNING n'), [{ n: null }])
})

test('a script is carried out whole or not at all', async (t) => {
  const database = await opened(t)
  const half = 'CREATE TABLE half (a int); INSERT INTO half VALUES (1); SELECT 1/0'
  await assert.rejects(database.script(half), { code: 'CLUSTER_SQL', why: /division by zero/ })
  assert.equal(await postgres.sql("SELECT to_regclass('half')"), '')
  await assert.rejects(database.query('SELEC 1'), { code: 'CLUSTER_SQL', why: /syntax error/ })
  await assert.rejects(database.exec(['false']), { code: 'CLUSTER_SQL', why: /ended with 1/ })
})

test('a database that does not run, and an installation that is not there, are said', async (t) => {
  const { fake } = await databaseSite(t, postgres)
  const pod = fake.objects.get('/api/v1/namespaces/cde/pods/cde-postgres-0')
  Object.assign(pod ?? {}, { status: { phase: 'Pending', conditions: [] } })
  await assert.rejects(openDatabase(fake.connect(), 'cde'), { code: 'CLUSTER_DATABASE_DOWN', why: /Pending/ })
  fake.objects.delete('/api/v1/namespaces/cde/services/cde-postgres')
  await assert.rejects(openDatabase(fake.connect(), 'cde'), { code: 'CLUSTER_NOT_INSTALLED' })
})

test('sizes of tables, the largest first', async (t) => {
  const database = await opened(t)
  await database.script(
    'CREATE TABLE small (a int); CREATE TABLE large AS SELECT i FROM generate_series(1, 10000) i; ANALYZE',
  )
  const [large, small] = await tableSizes(database)
  assert.equal(large?.name, 'large')
  assert.equal(large?.rows, 10_000)
  assert.ok((large?.bytes ?? 0) >= (large?.data ?? 0) && (large?.data ?? 0) > 300_000)
  assert.deepEqual({ ...small, rows: 0 }, { name: 'small', bytes: 0, data: 0, rows: 0 })
})

const table = `CREATE TABLE migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
  class text, back text);`

test('migrations as they were applied; of managers that did not say more, and of none', async (t) => {
  const database = await opened(t)
  assert.deepEqual(await appliedMigrations(database), [])
  await database.script(
    "CREATE TABLE migrations (name text, hash text); INSERT INTO migrations VALUES ('002_b.sql', 'b'), ('001_a.sql', 'a')",
  )
  const old = [
    { name: '001_a.sql', hash: 'a' },
    { name: '002_b.sql', hash: 'b' },
  ]
  assert.deepEqual(await appliedMigrations(database), old)
  await database.script(
    "ALTER TABLE migrations ADD class text, ADD back text; UPDATE migrations SET class = 'additive', back = 'x' WHERE name = '002_b.sql'",
  )
  assert.deepEqual(await appliedMigrations(database), [old[0], { ...old[1], class: 'additive', back: 'x' }])
})

test('migrations are taken back, newest first, to the one that is named; all of it or nothing', async (t) => {
  const database = await opened(t)
  await database.script(`${table} CREATE TABLE a (x int, y int, z int); INSERT INTO a VALUES (1, 2, 3);
    INSERT INTO migrations (name, hash, class, back) VALUES ('001_a.sql', '1', 'additive', NULL),
      ('002_y.sql', '2', 'additive', E'-- \\\\! a comment\nALTER TABLE a DROP y; UPDATE a SET x = x + 1;'),
      ('003_z.sql', '3', 'additive', 'ALTER TABLE a DROP z; ALTER TABLE a ALTER y SET NOT NULL;')`)
  await assert.rejects(migrateBack(database, '004_no.sql'), { code: 'CLUSTER_NO_WAY_BACK', why: /newest is 003_z/ })
  await assert.rejects(migrateBack(database, undefined), { code: 'CLUSTER_NO_WAY_BACK', message: /001_a/ })
  assert.deepEqual(await migrateBack(database, '001_a.sql'), ['003_z.sql', '002_y.sql'])
  assert.equal(await postgres.sql('SELECT row_to_json(a) FROM a'), '{"x":2}')
  assert.deepEqual(
    (await appliedMigrations(database)).map(({ name }) => name),
    ['001_a.sql'],
  )
  assert.deepEqual(await migrateBack(database, '001_a.sql'), [])

  await database.script(`ALTER TABLE a ADD y int; INSERT INTO migrations (name, hash, back) VALUES
    ('002_y.sql', '2', 'ALTER TABLE a DROP nothing'), ('003_z.sql', '3', 'ALTER TABLE a DROP y')`)
  await assert.rejects(migrateBack(database, '001_a.sql'), { code: 'CLUSTER_SQL', why: /"nothing"/ })
  assert.equal((await appliedMigrations(database)).length, 3)
  assert.equal(await postgres.sql('SELECT row_to_json(a) FROM a'), '{"x":2,"y":null}')
})

test('while writes are stopped the platform may only read, in old sessions too; ours may write', async (t) => {
  const database = await opened(t)
  await database.script('CREATE TABLE a (x int)')
  assert.equal(await areWritesStopped(database), false)
  const old = postgres.sql('BEGIN; INSERT INTO a VALUES (1); SELECT pg_sleep(30); COMMIT')
  const refused = assert.rejects(old, /terminat/)
  while (
    (await postgres.sql(
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
    )) === ''
  );
  await stopWrites(database)
  await refused
  assert.equal(await areWritesStopped(database), true)
  await assert.rejects(postgres.sql('INSERT INTO a VALUES (2)'), /read-only transaction/)
  await database.script('INSERT INTO a VALUES (3)')
  assert.equal(await postgres.sql('SELECT x FROM a'), '3')
  await stopWrites(database)
  await resumeWrites(database)
  assert.equal(await areWritesStopped(database), false)
  await postgres.sql('INSERT INTO a VALUES (4)')
  await resumeWrites(database)
})

test('people are told by the table of notices, where the release has one, and once', async (t) => {
  const database = await opened(t)
  const notice = { says: "It's time: 1.1.0 comes", starts: Date.UTC(2026, 0, 2), ends: Date.UTC(2026, 0, 3) }
  assert.equal(await tellPeople(database, notice), false)
  const { forward } = (await readMigrations()).find(({ name }) => name.endsWith('_notices.sql')) as Migration
  await postgres.sql(`SET ROLE cde; ${forward}`)
  await postgres.sql("INSERT INTO notices (kind, says, starts_at, ends_at) VALUES ('other', 'x', now(), now() + '1 h')")
  await tellPeople(database, { ...notice, says: 'first' })
  assert.equal(await tellPeople(database, notice), true)
  const told = await database.query('SELECT kind, says, starts_at, ends_at FROM notices ORDER BY kind DESC')
  assert.deepEqual(told[0], {
    ...{
      kind: 'upgrade',
      says: notice.says,
      starts_at: '2026-01-02T00:00:00+00:00',
      ends_at: '2026-01-03T00:00:00+00:00',
    },
  })
  assert.equal(told.length, 2)
  await withdrawNotice(database)
  assert.deepEqual(await database.query('SELECT kind FROM notices'), [{ kind: 'other' }])
})

test('migrations that are about to be taken back are marked, and those of a way back that stopped no longer', async (t) => {
  const database = await opened(t)
  await database.script(
    "CREATE TABLE migrations (name text PRIMARY KEY, leaving boolean NOT NULL DEFAULT false); INSERT INTO migrations (name) VALUES ('a'), ('b''c')",
  )
  await markLeaving(database, ["b'c"])
  const leaving = () => database.query('SELECT name FROM migrations WHERE leaving')
  assert.deepEqual(await leaving(), [{ name: "b'c" }])
  await unmarkLeaving(database)
  assert.deepEqual(await leaving(), [])
})
