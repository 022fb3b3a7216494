import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../../bench/results.ts'
import { resultTable, targetTable } from '../../bench/table.ts'
import { judge } from '../../bench/targets.ts'

const megabyte = 1_000_000
const timed = (row: string, contestant: string, seconds: number[], more: Partial<Result> = {}): Result => ({
  row,
  contestant,
  runs: seconds.map((s) => ({ seconds: s, cpuSeconds: s / 2, peakMemory: 100 * megabyte })),
  ...more,
})
const value = (results: Result[], target: string) => judge(results, 100 * megabyte).find((t) => t.target === target)

test('ours is judged by the fastest peer, and the floor is none', () => {
  const results = [
    timed('build', 'sealift', [1, 1]),
    timed('build', 'crane', [4, 4]),
    timed('build', 'imgpkg', [0.5, 0.5]),
    timed('build', '4 curls', [0.25, 0.25]),
    timed('build', '4 curls + sync', [0.25, 0.25]),
  ]
  assert.deepEqual(value(results, 'build, to the fastest peer'), {
    target: 'build, to the fastest peer',
    value: 2,
    limit: 1,
    unit: 'x',
    met: false,
  })
  assert.equal(value(results, 'build, to the bare download')?.value, 4)
})

test('a peer that failed is not the fastest, and what was not run is not judged', () => {
  const results = [
    timed('build', 'sealift', [1]),
    timed('build', 'crane', [], { failure: 'exit 1' }),
    timed('build', 'oras', [2]),
  ]
  assert.equal(value(results, 'build, to the fastest peer')?.met, true)
  assert.equal(value(results, 'verify, to SHA-256 on all cores')?.met, undefined)
  assert.doesNotMatch(targetTable(judge(results, megabyte)), /verify/)
})

test('a peer that failed after some runs is not the fastest either', () => {
  const results = [
    timed('seed-cold', 'sealift', [1, 1]),
    timed('seed-cold', 'crane', [0.5], { failure: 'it was killed' }),
    timed('seed-cold', 'oras', [2, 2]),
  ]
  assert.equal(value(results, 'seed cold, to the fastest peer')?.value, 0.5)
})

test('what was sent by a killed run and the one after it is measured by the content', () => {
  const results = [timed('killed', 'sealift', [1, 1, 1], { totals: [104, 103, 150].map((mb) => mb * megabyte) })]
  assert.equal(value(results, 'killed at half, sent to content')?.value, 1.04)
})

test('the table shows medians, the spread, our ratio to each and a failure in a line', () => {
  const table = resultTable(
    [
      timed('build', 'sealift', [1, 3, 2], { disk: 100 * megabyte }),
      timed('build', 'crane', [2, 6, 4]),
      timed('build', 'oras', [], { failure: 'exit 1: no\nway' }),
    ],
    100 * megabyte,
  )
  assert.match(table, /\| build +\| sealift +\| 2\.00 \(1\.00-3\.00\) +\| +\| 1\.00 +\| +\| 100 +\| 1\.00 /)
  assert.match(table, /\| build +\| crane +\| 4\.00 \(2\.00-6\.00\) +\| 0\.50 /)
  assert.match(table, /\| build +\| oras +\| failed: exit 1: no way/)
})
