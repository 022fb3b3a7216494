import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { transaction } from '../../../../services/manager/database.ts'
import { type Postgres, startPostgres } from '../../postgres.ts'
import { newDatabase } from '../site.ts'
import { linesOf, readSchema } from './schema.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

test('what is seen of a schema', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query('CREATE TABLE a (id int PRIMARY KEY, b text); CREATE TABLE c (id int PRIMARY KEY)')
  const from = linesOf(await readSchema(database))
  for (const change of [
    'ALTER TABLE a ADD COLUMN c int',
    'ALTER TABLE a DROP COLUMN b',
    'ALTER TABLE a DROP COLUMN id, ADD COLUMN id int PRIMARY KEY',
    'ALTER TABLE a ALTER COLUMN b TYPE varchar(10)',
    'ALTER TABLE a ALTER COLUMN b SET NOT NULL',
    `ALTER TABLE a ALTER COLUMN b SET DEFAULT 'x'`,
    'ALTER TABLE a RENAME TO d',
    'ALTER TABLE a ADD CHECK (id > 0)',
    'ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES c',
    'ALTER TABLE a ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY p ON a USING (true)',
    'CREATE INDEX ON a (b)',
    'CREATE RULE r AS ON INSERT TO a DO ALSO NOTIFY x',
    'CREATE VIEW v AS SELECT 1',
    'CREATE SEQUENCE s',
    `CREATE TYPE e AS ENUM ('x')`,
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE SCHEMA other',
    'CREATE TABLE e () INHERITS (a)',
    'GRANT SELECT ON a TO PUBLIC',
    `ALTER DATABASE ${database.options.database} SET work_mem = '8MB'`,
  ]) {
    await transaction(database, async (client) => {
      await client.query(change)
      assert.notDeepEqual(linesOf(await readSchema(client)), from, change)
      await client.query('ROLLBACK')
    })
  }
  assert.deepEqual(linesOf(await readSchema(database)), from)
})
