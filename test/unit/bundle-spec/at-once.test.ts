import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'

test('no more than the limit are under way, and results keep the order of the items', async () => {
  let underWay = 0
  let most = 0
  const results = await atOnce(3, [5, 4, 3, 2, 1, 0], async (turns) => {
    most = Math.max(most, ++underWay)
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    underWay--
    return turns * 10
  })
  assert.deepEqual(results, [50, 40, 30, 20, 10, 0])
  assert.equal(most, 3)
})

test('after a failure nothing more is begun', async () => {
  const begun: number[] = []
  const work = async (item: number) => {
    begun.push(item)
    await setImmediate()
    if (item === 1) throw new Error('one failed')
    await setImmediate()
  }
  await assert.rejects(atOnce(2, [0, 1, 2, 3, 4, 5], work), /one failed/)
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  assert.deepEqual(begun, [0, 1])
})
