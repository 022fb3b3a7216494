import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { waiting } from '../../../../installer/src/stores/registry/waiting.ts'
import { type Demand, startWatch } from '../../../../installer/src/stores/registry/watch.ts'

const asked = { host: 'slow.example', operation: 'read cde/a@sha256:00' }

/** A watch under a clock that the test moves. */
function watched(t: TestContext, demand: Demand) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const failures: Error[] = []
  const watch = startWatch(asked, demand, (failure) => failures.push(failure))
  t.after(() => watch.end())
  return { watch, failures, pass: (seconds: number) => t.mock.timers.tick(seconds * 1000) }
}

test('a byte a second ends after a window, and the failure says what came', (t) => {
  const { watch, failures, pass } = watched(t, { window: 60_000, pace: 1024 })
  for (let second = 0; second < 59; second++) {
    watch.moved(1)
    pass(1)
  }
  assert.deepEqual(failures, [])
  pass(1)
  const [failure] = failures as (Error & { code: string; why: string; fix: string })[]
  assert.equal(failure?.code, 'REGISTRY_TIMEOUT')
  assert.match(failure?.message ?? '', /slow\.example is too slow/)
  assert.match(failure?.why ?? '', /read cde\/a@sha256:00: it sent 59 B in 1 min 0 s, 1 B\/s; the least is 1\.02 kB\/s/)
  assert.match(failure?.fix ?? '', /--patience/)
  assert.equal(failures.length, 1)
})

test('what comes at the least pace may take for ever, also in lumps', (t) => {
  const { watch, failures, pass } = watched(t, { window: 60_000, pace: 1024 })
  for (let minute = 0; minute < 100; minute++) {
    pass(30)
    watch.moved(61_440)
    pass(30)
  }
  assert.deepEqual(failures, [])
})

test('the time that we take is not counted, however long', (t) => {
  const { watch, failures, pass } = watched(t, { window: 60_000, pace: 1024 })
  for (let i = 0; i < 50; i++) {
    watch.moved(10)
    watch.waits(false)
    pass(3600)
    watch.waits(true)
    pass(1)
  }
  assert.deepEqual(failures, [])
})

test('silence ends the wait for an answer, and each bit of a request that is taken begins it anew', (t) => {
  const { watch, failures, pass } = watched(t, { window: 60_000, pace: 0 })
  for (let i = 0; i < 50; i++) {
    pass(55)
    watch.moved(1)
  }
  assert.equal(failures.length, 0)
  pass(60)
  assert.equal(failures.length, 1)
  assert.match((failures[0] as Error & { why: string }).why, /nothing came for 1 min 0 s/)
})

test('after a few seconds of silence it is said what is waited for', (t) => {
  const said: string[] = []
  const hear = (message: unknown) => said.push((message as { text: string }).text)
  waiting.subscribe(hear)
  t.after(() => waiting.unsubscribe(hear))
  const { pass } = watched(t, { window: 60_000, pace: 0 })
  pass(2.5)
  assert.deepEqual(said, [])
  pass(2.5)
  assert.deepEqual(said, ['waiting for slow.example: 5.0 s'])
  pass(15)
  assert.equal(said.at(-1), 'waiting for slow.example: 20 s')
})
