import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStartups } from '../../../../services/ssh/startups.ts'

const limits = { start: 4, rate: 0.5, full: 8, perSource: 3 }

/** Startups whose drops are told by name; `draws` are the random numbers, one after the other. */
function observed(draws: number[], changes: Partial<typeof limits> = {}) {
  const dropped: string[] = []
  const startups = createStartups({ ...limits, ...changes }, () => draws.shift() ?? 0)
  const enter = (source: string, name: string) => startups.enter(source, () => dropped.push(name))
  return { startups, dropped, enter }
}

test('who logs in or closes makes room, once', () => {
  const { startups, dropped, enter } = observed([])
  const leave = enter('a', 'a1')
  assert.equal(startups.waiting, 1)
  leave()
  leave()
  assert.equal(startups.waiting, 0)
  assert.deepEqual(dropped, [])
})

test('a source that has all its places loses the one that has waited longest', () => {
  const { startups, dropped, enter } = observed([])
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) enter('a', name)
  assert.deepEqual(dropped, ['a1', 'a2'])
  assert.equal(startups.waiting, 3)
})

test('from `start` on one goes with the probability that MaxStartups has', () => {
  for (const [waiting, draw, drops] of [
    [3, 0, 0],
    [4, 0.49, 1],
    [4, 0.51, 0],
    [6, 0.74, 1],
    [6, 0.76, 0],
    [8, 0.999, 1],
  ] as const) {
    // the draws before are too high to drop anyone
    const before = Array.from({ length: Math.max(0, waiting - limits.start) }, () => 0.99)
    const { dropped, enter } = observed([...before, draw])
    for (let i = 0; i < waiting; i += 1) enter(`source ${i}`, `${i}`)
    enter('newcomer', 'newcomer')
    assert.equal(dropped.length, drops, `${waiting} waiting, drawn ${draw}`)
  }
})

test('under pressure the source with most who wait loses its oldest, never the newcomer', () => {
  const { startups, dropped, enter } = observed([], { perSource: 8 })
  enter('b', 'b1')
  for (let i = 0; i < 20; i += 1) enter('a', `a${i}`)
  enter('c', 'c1')
  assert.ok(!dropped.includes('b1') && !dropped.includes('c1'))
  assert.equal(dropped[0], 'a0')
  assert.ok(startups.waiting <= limits.full)
})

test('among sources that have as many, the draw decides', () => {
  const { dropped, enter } = observed([0.9, 0.9, 0.9, 0.9, 0.99])
  for (let i = 0; i < 8; i += 1) enter(`source ${i}`, `${i}`)
  enter('newcomer', 'newcomer')
  assert.deepEqual(dropped, ['7'])
})

test('never more than `full` wait, whatever comes', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  let open = 0
  const startups = createStartups(limits, random)
  for (let i = 0; i < 5_000; i += 1) {
    open += 1
    const leave = startups.enter(`s${Math.floor(random() * 20)}`, () => {
      open -= 1
    })
    if (random() < 0.2) {
      leave()
      open = startups.waiting
    }
    assert.ok(startups.waiting <= limits.full)
    assert.equal(open, startups.waiting)
  }
})
