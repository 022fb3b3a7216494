import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openDatabase, transaction, waitForDatabase } from '../../../services/manager/database.ts'
import { readEnvironment } from '../../../services/manager/environment.ts'
import { ensureFirstAdmin } from '../../../services/manager/first-admin.ts'
import { identifyOver } from '../../../services/manager/identify.ts'
import { ensureReleaseImage } from '../../../services/manager/images/release-image.ts'
import { migrate } from '../../../services/manager/migrate.ts'
import { migrationsDirectory, readMigrations } from '../../../services/manager/migration.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newDatabase, newSite, silent } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

test('another password counts from the next connection on, without a new start', async (t) => {
  const admin = await newDatabase(t, postgres)
  const directory = await temporaryDirectory(t)
  const [passwordFile, keys] = [join(directory, 'password'), join(directory, 'keys')]
  await writeFile(keys, '')
  const change = async (password: string) => {
    await admin.query(`ALTER ROLE rotated PASSWORD '${password}'`)
    await writeFile(passwordFile, `${password}\n`)
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'`)
  }
  await admin.query('CREATE ROLE rotated LOGIN')
  await change('first')
  const settings = readEnvironment({
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: 'rotated',
    PGDATABASE: 'postgres',
    PGPASSWORD_FILE: passwordFile,
    ACCESS_URL: 'https://cde.example',
    TICKET_KEY_FILE: keys,
    LICENSE_KEYS_FILE: keys,
    WORKSPACE_NAMESPACE: 'cde',
    WORKSPACE_IMAGE: 'registry.example/cde/workspace',
  }).database
  const database = openDatabase(settings, silent)
  t.after(() => database.end())
  const { promise: cut, resolve } = Promise.withResolvers<unknown>()
  database.once('error', resolve)
  await database.query('SELECT 1')
  await change('second')
  await cut
  await database.query('SELECT 1')
})

test('a database of the first release comes along: its users, workspaces and sessions, and its own writes go on', async (t) => {
  const database = await newDatabase(t, postgres)
  const directory = await temporaryDirectory(t)
  for (const { name } of (await readMigrations()).slice(0, 3))
    await copyFile(new URL(name, migrationsDirectory), join(directory, name))
  await migrate(database, silent, { directory: pathToFileURL(`${directory}/`) })
  const image = 'registry.example/cde/workspace:0.1.0@sha256:0'
  await database.query(
    `INSERT INTO users (id, username, password_hash, role) VALUES ('user000000', 'ada', 'x', 'site-admin')`,
  )
  // what the old release writes while the new one starts beside it
  const old = async (id: string) => {
    await database.query(
      `INSERT INTO workspaces (id, owner_id, name, image, cpu_milli, memory_gib, disk_gib, created_at, updated_at)
       VALUES ($1, 'user000000', $1, $2, 1000, 1, 1, now(), now())`,
      [id, image],
    )
    await database.query(
      `INSERT INTO sessions (token_hash, user_id, created_at, expires_at)
       VALUES (sha256($1), 'user000000', now(), now() + interval '1 day')`,
      [Buffer.from(id.repeat(5).slice(0, 43))],
    )
  }
  await old('before0000')
  await migrate(database, silent)
  await old('during0000')
  await ensureReleaseImage(database, image)
  const { rows } = await database.query('SELECT organization_id, tag, image_id IS NULL AS lost FROM workspaces')
  assert.deepEqual(rows, Array(2).fill({ organization_id: 'default000', tag: '0.1.0', lost: false }))
  for (const id of ['before0000', 'during0000']) {
    const caller = await identifyOver(database, Date.now)(id.repeat(5).slice(0, 43))
    assert.deepEqual(caller?.organizations, { default000: 'organization-member' })
  }
})

test('replicas that start together add one first admin; later starts add none', async (t) => {
  const database = await newDatabase(t, postgres)
  await migrate(database, silent)
  const added = await Promise.all(
    Array.from({ length: 4 }, (_, index) => ensureFirstAdmin(database, `password ${index}`)),
  )
  assert.equal(added.filter((user) => user !== undefined).length, 1)
  assert.deepEqual((await database.query('SELECT username, role FROM users')).rows, [
    { username: 'admin', role: 'site-admin' },
  ])
  await assert.rejects(ensureFirstAdmin(database, 'short'), /shorter/)
})

test('while PostgreSQL is away the API answers 503, and it works again afterwards', async (t) => {
  const own = await startPostgres()
  t.after(() => own.stop())
  const site = await newSite(t, own)
  await site.user('ada')
  const token = await site.logIn('ada')
  assert.equal((await site.call(token, 'GET', '/healthz')).statusCode, 200)
  await own.pause()
  for (const url of ['/healthz', '/api/v0/me']) {
    const answer = await site.call(token, 'GET', url)
    assert.deepEqual([answer.statusCode, answer.json().code], [503, 'DATABASE_UNAVAILABLE'], url)
  }
  assert.equal((await site.call(token, 'GET', '/livez')).statusCode, 200, 'the process itself is well')
  await own.resume()
  assert.equal((await site.call(token, 'GET', '/healthz')).statusCode, 200)
  assert.equal((await site.call(token, 'GET', '/api/v0/me')).statusCode, 200, 'the session survived')
})

test('starting waits for a database that comes late, and gives up after the limit', async (t) => {
  const own = await startPostgres()
  t.after(() => own.stop())
  const database = await newDatabase(t, own)
  await own.pause()
  const waiting = waitForDatabase(database, silent, 20_000)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await own.resume()
  await waiting
  await own.pause()
  await assert.rejects(waitForDatabase(database, silent, 600))
})

test('a transaction that fails is rolled back and its connection is usable', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query('CREATE TABLE one (a int)')
  await assert.rejects(
    transaction(database, async (client) => {
      await client.query('INSERT INTO one VALUES (1)')
      throw new Error('no')
    }),
    /no/,
  )
  assert.equal((await database.query('SELECT 1 FROM one')).rowCount, 0)
  assert.equal(database.idleCount, database.totalCount)
})
