import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReleaseMigration } from '@sealift/bundle-spec/migrations.ts'
import { needsBackup, pendingOf } from '../../../../../installer/src/upgrade/plan/migrations.ts'

const migration = (name: string, kind: ReleaseMigration['class'] = 'additive'): ReleaseMigration => ({
  ...{ name, hash: `hash of ${name}`, class: kind, tables: [], says: 'It changes something.', hasBack: true },
})
const has = (...names: string[]) => names.map((name) => ({ name, hash: `hash of ${name}` }))

test('what is left to apply, and whether only a backup leads back from it', () => {
  const known = [migration('001_a.sql', 'irreversible'), migration('002_b.sql'), migration('003_c.sql', 'rewriting')]
  const pending = pendingOf(known, has('001_a.sql'))
  assert.deepEqual(pending, known.slice(1))
  assert.equal(needsBackup(pending), true)
  assert.equal(needsBackup(known.slice(1, 2)), false)
  assert.equal(needsBackup(pendingOf(known, has('001_a.sql', '002_b.sql', '003_c.sql'))), false)
})

test('a release that does not list its migrations may hold any', () => {
  assert.equal(pendingOf('unknown', has('001_a.sql')), 'unknown')
  assert.equal(needsBackup('unknown'), true)
})

test('a database that has what the release does not know, or has it otherwise, is refused', () => {
  const code = 'UPGRADE_SCHEMA'
  assert.throws(() => pendingOf([migration('001_a.sql')], has('001_a.sql', '002_b.sql')), { code, why: /newer/ })
  assert.throws(() => pendingOf([{ ...migration('001_a.sql'), hash: 'other' }], has('001_a.sql')), {
    code,
    why: /another one/,
  })
})
