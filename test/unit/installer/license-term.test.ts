import assert from 'node:assert/strict'
import { test } from 'node:test'
import { termOf } from '../../../installer/src/license/term.ts'

test('the term of a license names the end that counts now', () => {
  const now = Math.floor(Date.now() / 1000)
  const days = (count: number) => now + count * 86_400 + 60
  const said = (begin: number, end: number, grace: number) =>
    termOf({ nbf: days(begin), license_expires: days(end), exp: days(grace) }).replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
  assert.equal(said(-9, 30, 40), 'ends DAY, in 31 days')
  assert.equal(said(-9, -3, 4), 'ended DAY; its grace period ends DAY, in 5 days')
  assert.equal(said(-9, -3, -2), 'ended DAY')
  assert.equal(said(3, 30, 40), 'begins DAY, ends DAY')
})
