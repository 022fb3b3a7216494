import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldAt } from '../../../../installer/src/answers/field.ts'
import { mostPeople, sizesFor } from '../../../../installer/src/answers/sizes.ts'

test('more people never get fewer pods, each number has its reason, and none is beyond what may be answered', () => {
  const limits = fieldAt('/replicas')?.properties ?? {}
  let before = sizesFor(1)
  assert.deepEqual(
    before.map(({ part }) => part),
    Object.keys(limits),
  )
  for (let people = 1; people <= mostPeople; people++) {
    const sizes = sizesFor(people)
    for (const [i, { part, replicas, why }] of sizes.entries()) {
      assert.ok(
        replicas >= (before[i]?.replicas ?? 0) && replicas <= (limits[part]?.maximum ?? 0),
        `${people} ${part} ${replicas}`,
      )
      assert.ok(why, `${people} ${part}`)
    }
    before = sizes
  }
})

test('few people get one pod of each, more never a single one', () => {
  assert.deepEqual(new Set(sizesFor(20).map(({ replicas }) => replicas)), new Set([1]))
  assert.deepEqual(new Set(sizesFor(21).map(({ replicas }) => replicas)), new Set([2]))
})

test('the database of the platform has connections for as many managers', () => {
  // ten of each manager (services/manager/database.ts), one manager more while they are replaced, 200 in all (postgresql.conf)
  const managers = sizesFor(mostPeople).find(({ part }) => part === 'manager')?.replicas ?? Infinity
  assert.ok((managers + 1) * 10 < 200)
})
