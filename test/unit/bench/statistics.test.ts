import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, pairedRatio, spread } from '../../bench/statistics.ts'

test('the median is the middle of an odd number of values, whatever their order', () => {
  assert.equal(median([9, 1, 100]), 9)
  assert.equal(median([10, 9, 1, 2, 100]), 9)
})

test('the median of an even number of values lies between the two in the middle', () => {
  assert.equal(median([4, 1, 100, 2]), 3)
})

test('of no values there is no median', () => {
  assert.ok(Number.isNaN(median([])))
})

test('a ratio pairs the runs that stood side by side, so that a slow while counts for neither', () => {
  // the machine was ten times slower in the second round; the third of the other has no partner
  assert.equal(pairedRatio([1, 20], [2, 20, 0.1]), 0.75)
  assert.equal(pairedRatio([1, 10, 1], [2, 20, 2]), 0.5)
})

test('the spread is the least and the most', () => {
  assert.deepEqual(spread([3, 1, 2]), [1, 3])
})
