import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parseMigration, readMigrations } from '../../../../services/manager/migration.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

test('each migration of the release has a valid header, and a number of its own without a gap', async () => {
  const migrations = await readMigrations()
  assert.ok(migrations.length >= 12)
  for (const [i, { name }] of migrations.entries()) assert.equal(Number(name.slice(0, 3)), i + 1, name)
})

const head = '-- class: additive\n-- says: Adds a table of things.\n'
const whole = `${head}-- why\nCREATE TABLE things (id int);\n\n-- back:\nDROP TABLE things;\n`

test('header, SQL and back part are told apart', () => {
  const read = parseMigration('013_things.sql', whole)
  assert.match(read.hash, /^[0-9a-f]{64}$/)
  assert.deepEqual(
    { ...read, hash: '' },
    {
      name: '013_things.sql',
      hash: '',
      class: 'additive',
      tables: [],
      says: 'Adds a table of things.',
      forward: '-- why\nCREATE TABLE things (id int);',
      back: 'DROP TABLE things;',
    },
  )
  const rewriting = parseMigration(
    '014_more.sql',
    '-- class: rewriting users, ssh_keys\n-- says: Rewrites two tables.\nSELECT 1',
  )
  assert.deepEqual([rewriting.tables, rewriting.back], [['users', 'ssh_keys'], undefined])
})

test('what is no migration is refused by name, with the reason', () => {
  for (const [text, why] of [
    ['CREATE TABLE things (id int)', /begins with "-- class/],
    [`-- says: Adds a table of things.\n-- class: additive\nSELECT 1`, /begins with "-- class/],
    [`-- class: additive\nSELECT 1`, /begins with "-- class/],
    [`-- class: additive\r\n-- says: Adds a table of things.\r\nSELECT 1`, /begins with "-- class/],
    [`-- class: additive\n-- says: Adds a \u001b[31mtable.\nSELECT 1`, /begins with "-- class/],
    [`-- class: harmless\n-- says: Adds a table of things.\nSELECT 1`, /no class harmless/],
    [whole.replace('additive', 'additive users'), /no other one does/],
    [whole.replace('additive', 'rewriting'), /names the tables/],
    [whole.replace('-- back:', '-- back'), /needs SQL after a line "-- back:"/],
    [`${whole}-- back:\nSELECT 1`, /more than one line/],
    [`${head}\n-- back:\nDROP TABLE things;`, /there is no SQL/],
    [`${head}CREATE TABLE things (id int);\n-- back:\n`, /back part: there is no SQL/],
  ] as const)
    assert.throws(() => parseMigration('013_things.sql', text), {
      message: new RegExp(`013_things.sql: .*${why.source}`),
    })
  for (const name of ['13_things.sql', '013-things.sql', '013_Things.sql', '013_.sql', `013_${'a'.repeat(61)}.sql`])
    assert.throws(() => parseMigration(name, whole), /its name is not like/)
})

test('what cannot run in one transaction, or outlives it, is refused in both parts', () => {
  for (const sql of [
    'CREATE INDEX CONCURRENTLY i ON things (id)',
    'create  index\n concurrently if not exists i on things (id)',
    'DROP INDEX CONCURRENTLY i',
    'REINDEX TABLE CONCURRENTLY things',
    'SELECT 1; COMMIT',
    'commit;',
    'SELECT 1;/* a */ END',
    `SELECT 'a;b'; BEGIN`,
    `SELECT E'\\''; ROLLBACK; SELECT ''`,
    'SELECT $$ ; $$; COMMIT; SELECT $$ ; $$',
    'SELECT a$b$; COMMIT; SELECT a$b$',
    'START TRANSACTION',
    'SAVEPOINT a',
    `PREPARE TRANSACTION 'a'`,
    'VACUUM things',
    'CREATE DATABASE other',
    'ALTER SYSTEM SET work_mem = 1',
    'CALL much()',
    'SET lock_timeout = 0',
    'SET SESSION AUTHORIZATION x',
    'RESET ALL',
    'COPY things FROM STDIN',
  ]) {
    assert.throws(() => parseMigration('013_things.sql', whole.replace('DROP TABLE things', sql)), /back part/, sql)
    assert.throws(
      () =>
        parseMigration(
          '013_things.sql',
          whole.replace(/CREATE TABLE.*;/, () => sql),
        ),
      /013_things/,
      sql,
    )
  }
})

test('words in comments, strings, names and bodies are not statements', () => {
  for (const sql of [
    '-- COMMIT;\nSELECT 1;',
    '/* ; COMMIT; */ SELECT 1;',
    `SELECT '; COMMIT; CONCURRENTLY';`,
    `SELECT '''; COMMIT; ';`,
    'SELECT 1 AS "; COMMIT";',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n  NOTIFY x;\n  RETURN NULL;\nEND\n$body$;',
    'ALTER TABLE things ADD COLUMN commit text;',
    'SET LOCAL work_mem = 1;',
  ])
    parseMigration(
      '013_things.sql',
      whole.replace(/CREATE TABLE.*;/, () => sql),
    )
})

test('two migrations of one number, and a file whose name is none, are refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const url = pathToFileURL(`${directory}/`)
  await writeFile(join(directory, '013_a.sql'), whole)
  await writeFile(join(directory, '013_b.sql'), whole)
  await assert.rejects(readMigrations(url), /two migrations have the number 013/)
  await writeFile(join(directory, 'other.sql'), whole)
  await assert.rejects(readMigrations(pathToFileURL(`${directory}/`)), /013|its name/)
})
