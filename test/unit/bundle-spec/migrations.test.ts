import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { migrationsFileOf, type ReleaseMigration, readMigrationsFile } from '@sealift/bundle-spec/migrations.ts'
import { writeMigrationsFile } from '../../../manifests/migrations/write.ts'
import { readMigrations } from '../../../services/manager/migration.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const one: ReleaseMigration = {
  name: '001_things.sql',
  hash: 'a'.repeat(64),
  class: 'additive',
  tables: [],
  says: 'Adds a table of things.',
  hasBack: true,
}

test('the file of this release lists every migration of the manager, with its class', async (t) => {
  const path = join(await temporaryDirectory(t), 'migrations.json')
  await writeMigrationsFile(path)
  const listed = readMigrationsFile(await readFile(path))
  assert.ok(listed !== 'unknown')
  const own = await readMigrations()
  assert.deepEqual(
    listed.map(({ name, hash, class: kind, hasBack }) => ({ name, hash, kind, hasBack })),
    own.map(({ name, hash, class: kind, back }) => ({ name, hash, kind, hasBack: back !== undefined })),
  )
  assert.deepEqual(listed.find(({ name }) => name.startsWith('004'))?.tables, ['users', 'workspaces'])
})

test('a release without the file has migrations that nobody knows', () => {
  assert.equal(readMigrationsFile(undefined), 'unknown')
  assert.deepEqual(readMigrationsFile(migrationsFileOf([])), [])
})

test('a file that does not fit is refused, and it is said where', () => {
  const whole = (...migrations: object[]) => ({ apiVersion: 'sealift.dev/v1', kind: 'Migrations', migrations })
  assert.deepEqual(readMigrationsFile(toJson(whole(one))), [one])
  for (const [value, why] of [
    [[], /must be/],
    [whole(one).migrations, /must be/],
    [{ ...whole(one), kind: 'Release' }, /kind/],
    [{ ...whole(one), more: 1 }, /more/],
    [whole({ ...one, more: 1 }), /more/],
    [whole({ ...one, name: '../001_things.sql' }), /migrations\/0\/name/],
    [whole({ ...one, hash: 'A'.repeat(64) }), /migrations\/0\/hash/],
    [whole({ ...one, class: 'harmless' }), /migrations\/0\/class/],
    [whole({ ...one, says: 'Adds a \u001b[31mtable.' }), /migrations\/0\/says/],
    [whole({ ...one, hasBack: 'yes' }), /migrations\/0\/hasBack/],
    [whole({ ...one, class: 'rewriting', tables: ['users; DROP'] }), /migrations\/0\/tables/],
    [whole({ ...one, hasBack: false }), /without what takes it back/],
    [whole({ ...one, tables: ['users'] }), /names 1 tables/],
    [whole({ ...one, class: 'rewriting' }), /names 0 tables/],
    [whole(one, one), /stands behind/],
    [whole({ ...one, name: '002_things.sql' }, one), /001_things.sql stands behind 002/],
  ] as const)
    assert.throws(
      () => readMigrationsFile(toJson(value)),
      (error: { code: string; why?: string }) => {
        assert.equal(error.code, 'BUNDLE_MIGRATIONS')
        assert.match(error.why ?? '', why)
        return true
      },
    )
  for (const text of ['', '{', '{"kind":1,"kind":2}'])
    assert.throws(() => readMigrationsFile(Buffer.from(text)), { code: 'BUNDLE_JSON' })
})
