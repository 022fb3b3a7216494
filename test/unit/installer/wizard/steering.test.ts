import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSteering } from '../../../../installer/src/wizard/steering.ts'
import { code } from '../../../fixtures/code.ts'

function steeringAt(t: TestContext) {
  let time = 0
  let shown: { faces: { id: string }[]; steering?: string } = { faces: [] }
  const steering = createSteering(
    (presence) => {
      shown = presence
    },
    () => time,
  )
  t.after(() => steering.close())
  return {
    steering,
    shown: () => shown,
    pass: (ms: number) => {
      time += ms
    },
  }
}

const browser = { kind: 'web', label: 'browser' } as const

test('the steering is free when the one who has it is gone, and no earlier', (t) => {
  const { steering, shown, pass } = steeringAt(t)
  const one = steering.enter(browser)
  const other = steering.enter(browser)
  assert.equal(shown().steering, one.id)
  const end = steering.following(one.id)
  pass(60_000)
  steering.seen(other.id)
  assert.throws(() => steering.take(other.id), code('SESSION_STEERED'))
  // a page that is loaded again is away for a moment
  end()
  pass(14_000)
  assert.throws(() => steering.take(other.id), code('SESSION_STEERED'))
  pass(2000)
  steering.take(other.id)
  assert.equal(shown().steering, other.id)
  assert.deepEqual(
    shown().faces.map(({ id }) => id),
    [other.id],
  )
  assert.throws(() => steering.assert(one.id), code('SESSION_STEERED'))
})

test('who comes back finds the steering again where nobody took it', (t) => {
  const { steering, shown, pass } = steeringAt(t)
  const one = steering.enter(browser)
  const other = steering.enter(browser)
  pass(20_000)
  steering.seen(other.id)
  assert.equal(shown().steering, undefined)
  steering.assert(one.id)
  assert.equal(shown().steering, one.id)
})

test('a terminal on the machine takes over also from one who is there', (t) => {
  const { steering, shown } = steeringAt(t)
  steering.enter(browser)
  const terminal = steering.enter({ kind: 'terminal', label: 'terminal' })
  steering.take(terminal.id)
  assert.equal(shown().steering, terminal.id)
})

test('faces that are there are bounded, and those that are gone make room', (t) => {
  const { steering, pass } = steeringAt(t)
  const first = steering.enter(browser)
  for (let i = 1; i < 32; i++) steering.enter(browser)
  assert.throws(() => steering.enter(browser), code('SESSION_FULL'))
  pass(16_000)
  steering.enter({ kind: 'web', label: 'x'.repeat(1000) })
  assert.throws(() => steering.seen(first.id), code('SESSION_UNKNOWN'))
})
