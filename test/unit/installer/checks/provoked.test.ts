import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checks } from '../../../../installer/src/checks/list.ts'
import { notHere } from '../../../e2e/provocations/not-here.ts'
import { rounds } from '../../../e2e/provocations/rounds.ts'

test('each check is made to fail in a real cluster, or it is said why none can', () => {
  const provoked = new Set(rounds.flat().flatMap(({ tells }) => Object.keys(tells)))
  const names = rounds.flat().map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const told = [...provoked, ...Object.keys(notHere)]
  assert.deepEqual(told.sort(), checks.map(({ id }) => id).sort())
  for (const { test } of Object.values(notHere))
    assert.ok(existsSync(join(import.meta.dirname, '../../../..', test)), test)
})
