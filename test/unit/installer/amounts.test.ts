import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, counted, dayOfSeconds, duration, fromNow } from '../../../installer/src/amounts.ts'

test('amounts are as people read them', () => {
  assert.deepEqual([0, 999, 1000, 999_499, 287_600_000, 2e12].map(bytes), [
    '0 B',
    '999 B',
    '1.00 kB',
    '999 kB',
    '288 MB',
    '2.00 TB',
  ])
  assert.deepEqual([40, 9_949, 59_400, 61_000, 3_720_000].map(duration), [
    '0.0 s',
    '9.9 s',
    '59 s',
    '1 min 1 s',
    '1 h 2 min',
  ])
  assert.equal(counted(1, 'node'), '1 node')
  assert.equal(counted(0, 'node'), '0 nodes')
})

test('how far away a day is', () => {
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000)
  assert.deepEqual(
    [47, 1, -1, -49].map((count) => fromNow(hours(count))),
    ['in 2 days', 'in 1 day', 'today', '2 days ago'],
  )
  assert.equal(dayOfSeconds(0), '1970-01-01')
})
