import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lostIn } from '../../bench/upgrade/lost.ts'
import { judgeUpgrade } from '../../bench/upgrade/targets.ts'

test('bytes that a terminal did not show are told, and those that it showed twice', () => {
  const whole = 'stty -echo\r\n$ <8>\r\n<9>\r\n<10>\r\n<11>\r\n'
  assert.deepEqual(lostIn(whole), { lost: 0, doubled: 0 })
  assert.deepEqual(lostIn(whole.slice(0, -2)), { lost: 0, doubled: 0 })
  assert.deepEqual(lostIn(whole.replace('<10>\r\n', '')), { lost: 6, doubled: 0 })
  assert.deepEqual(lostIn(whole.replace('<9>\r\n', '<9>\r\n<9>\r\n')), { lost: 0, doubled: 5 })
  assert.deepEqual(lostIn(whole.replace('<9>\r\n', '<9>\r\nreconnected')), { lost: 0, doubled: 11 })
})

test('a backup is judged beside dumps of the same run, and what was not measured is not judged', () => {
  const backup = (contestant: string, seconds: number[]) => ({ row: 'backup', contestant, values: { seconds } })
  const targets = judgeUpgrade([backup('sealift', [11, 24]), backup('pg_dump', [10, 20])])
  const judged = targets.filter(({ value }) => value !== undefined)
  assert.deepEqual(judged, [{ target: 'backup, to pg_dump', value: 1.15, limit: 1.2, unit: 'x', met: true }])
})
