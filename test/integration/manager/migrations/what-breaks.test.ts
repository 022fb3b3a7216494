import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Database, transaction } from '../../../../services/manager/database.ts'
import { type Postgres, startPostgres } from '../../postgres.ts'
import { newDatabase } from '../site.ts'
import { readSchema } from './schema.ts'
import { whatBreaksOldCode } from './what-breaks.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const schema = `
  CREATE TYPE color AS ENUM ('red');
  CREATE DOMAIN code AS text NOT NULL;
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
  CREATE TABLE users (id int PRIMARY KEY, login text NOT NULL DEFAULT 'x' CHECK (login <> ''), mail text UNIQUE, kind color);
  CREATE INDEX users_login ON users (login);
  CREATE TABLE things (thing int PRIMARY KEY, owner int REFERENCES users, price int NOT NULL);
  CREATE TRIGGER changed AFTER UPDATE ON things FOR EACH ROW EXECUTE FUNCTION f();
  CREATE TABLE notes (note text);
  CREATE VIEW owners AS SELECT owner FROM things;
  INSERT INTO users (id) VALUES (1); INSERT INTO things VALUES (1, 1, 1)`

async function found(database: Database, change: string): Promise<string[]> {
  let breaks: string[] = []
  await transaction(database, async (client) => {
    const from = await readSchema(client)
    await client.query(change)
    breaks = whatBreaksOldCode(from, await readSchema(client))
    await client.query('ROLLBACK')
  })
  return breaks
}

test('each kind of change that could break the code of before is found', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query(schema)
  for (const [change, why] of [
    ['DROP TABLE things CASCADE', /table public.things is gone/],
    ['ALTER TABLE things RENAME TO goods', /table public.things is gone/],
    ['CREATE SCHEMA other; ALTER TABLE things SET SCHEMA other', /table public.things is gone/],
    ['ALTER TABLE users DROP COLUMN mail', /column public.users.mail is gone/],
    ['ALTER TABLE users RENAME mail TO email', /column public.users.mail is gone/],
    ['ALTER TABLE users ALTER mail TYPE varchar(9)', /column public.users.mail was changed/],
    ['ALTER TABLE things ALTER price TYPE bigint', /column public.things.price was changed/],
    [`ALTER TABLE users ALTER mail SET DEFAULT ''`, /column public.users.mail was changed/],
    ['ALTER TABLE users ALTER login DROP DEFAULT', /column public.users.login was changed/],
    [`UPDATE users SET mail = ''; ALTER TABLE users ALTER mail SET NOT NULL`, /column public.users.mail was changed/],
    ['ALTER TABLE users ALTER login DROP NOT NULL', /column public.users.login was changed/],
    ['ALTER TABLE things ALTER thing ADD GENERATED ALWAYS AS IDENTITY', /column public.things.thing was changed/],
    ['ALTER TABLE notes ADD realm text NOT NULL', /notes.realm is not null/],
    [`ALTER TABLE users ADD realm text DEFAULT gen_random_uuid()`, /users was rewritten/],
    ['ALTER TABLE users ADD realm int GENERATED ALWAYS AS IDENTITY', /users was rewritten/],
    ['ALTER TABLE users ADD realm text GENERATED ALWAYS AS (upper(login)) STORED', /computes something/],
    [`ALTER TABLE users ADD realm code DEFAULT 'a'`, /is of a domain/],
    ['ALTER TABLE users ADD price int', /users.price has the name of a column of public.things/],
    ['ALTER TABLE users ADD CHECK (id > 0)', /refuses what old code may write/],
    ['ALTER TABLE users ADD CHECK (id > 0) NOT VALID', /refuses what old code may write/],
    [`ALTER TABLE users ADD realm text, ADD CHECK (realm <> login)`, /refuses what old code may write/],
    ['ALTER TABLE users ADD realm text, ADD CONSTRAINT c CHECK (realm IS NOT NULL) NOT VALID', /is not validated/],
    ['ALTER TABLE users ADD UNIQUE (login)', /refuses what old code may write/],
    [`ALTER TABLE users ADD realm text DEFAULT 'a' UNIQUE`, /refuses what old code may write/],
    ['ALTER TABLE users ADD realm text UNIQUE NULLS NOT DISTINCT', /refuses what old code may write/],
    ['CREATE UNIQUE INDEX ON users (login)', /refuses what old code may write/],
    ['CREATE UNIQUE INDEX ON users (lower(login))', /refuses what old code may write/],
    [`ALTER TABLE users ADD realm text DEFAULT 'a'; CREATE UNIQUE INDEX ON users (realm)`, /refuses what old code/],
    ['CREATE INDEX ON users ((1 / id))', /computes something on each write/],
    ['ALTER TABLE users ADD EXCLUDE (login WITH =)', /refuses what old code may write/],
    [
      'ALTER TABLE things ADD FOREIGN KEY (price) REFERENCES users ON DELETE CASCADE',
      /refuses what old code may write/,
    ],
    ['CREATE TABLE new (a int REFERENCES users)', /keeps old code from deleting rows of public.users/],
    ['CREATE TABLE new (a int REFERENCES users ON DELETE RESTRICT)', /keeps old code from deleting/],
    ['CREATE TABLE new (a int NOT NULL REFERENCES users ON DELETE SET NULL)', /keeps old code from deleting/],
    ['CREATE TABLE new (a text REFERENCES users (mail) ON DELETE CASCADE)', /keeps old code from changing/],
    ['ALTER TABLE things ADD giver int REFERENCES users', /keeps old code from deleting rows/],
    ['CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()', /runs with the statements/],
    ['CREATE RULE r AS ON DELETE TO users DO INSTEAD NOTHING', /runs with the statements/],
    ['CREATE POLICY p ON users USING (false)', /runs with the statements/],
    ['ALTER TABLE users ENABLE ROW LEVEL SECURITY', /table public.users was changed/],
    ['CREATE TABLE new () INHERITS (users)', /adds rows to what old code reads/],
    ['ALTER TABLE users DROP CONSTRAINT users_login_check', /constraint public.users.users_login_check is gone/],
    ['ALTER TABLE users RENAME CONSTRAINT users_login_check TO c', /constraint public.users.users_login_check is gone/],
    ['DROP INDEX users_login', /index public.users_login is gone/],
    ['DROP TRIGGER changed ON things', /trigger public.things.changed is gone/],
    ['ALTER TABLE things DISABLE TRIGGER changed', /trigger public.things.changed was changed/],
    [
      'CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
      /function .* changed/,
    ],
    [`ALTER TYPE color ADD VALUE 'blue'`, /type public.color was changed/],
    [`ALTER DOMAIN code ADD CHECK (VALUE <> '')`, /type public.code was changed/],
    ['CREATE OR REPLACE VIEW owners AS SELECT price AS owner FROM things', /table public.owners was changed/],
    ['REVOKE SELECT ON users FROM CURRENT_USER', /table public.users was changed/],
    ['CREATE SCHEMA other', /may stand before/],
    [`ALTER DATABASE ${database.options.database} SET search_path = ''`, /changes how every statement runs/],
  ] as const)
    assert.match((await found(database, change)).join('\n'), why, change)
})

test('what only adds breaks nothing', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query(schema)
  for (const change of [
    'SELECT 1',
    'CREATE TABLE new (id int PRIMARY KEY, price int NOT NULL UNIQUE CHECK (price > 0))',
    'CREATE TABLE new (a int NOT NULL REFERENCES users ON DELETE CASCADE, b int REFERENCES things ON DELETE SET NULL)',
    'ALTER TABLE users ADD realm text',
    `ALTER TABLE users ADD realm text NOT NULL DEFAULT 'here' CHECK (realm <> '')`,
    'ALTER TABLE users ADD realm int UNIQUE',
    'ALTER TABLE things ADD giver int REFERENCES users ON DELETE SET NULL',
    'CREATE INDEX ON things (owner, price)',
    'CREATE TABLE new (id int); CREATE TRIGGER t AFTER INSERT ON new FOR EACH ROW EXECUTE FUNCTION f()',
    'CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE VIEW new AS SELECT login FROM users',
    `CREATE TYPE size AS ENUM ('s')`,
    'CREATE SEQUENCE s',
  ])
    assert.deepEqual(await found(database, change), [], change)
})
