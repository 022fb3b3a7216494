import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TransientFailure } from '../../../../installer/src/stores/registry/failure.ts'
import { attemptsAt, parseRetryAfter } from '../../../../installer/src/stores/registry/retry.ts'
import { waiting } from '../../../../installer/src/stores/registry/waiting.ts'
import { failureOf } from './fake-registry.ts'

const asked = { host: 'r.example', operation: 'read it' }
const policy = { attempts: 5, base: 1 }

function busy(retryAfter?: number) {
  const failure = new TransientFailure('REGISTRY_REFUSED', 'registry r.example is not able to do it', {
    why: 'could not read it: it answered 429',
  })
  failure.retryAfter = retryAfter
  return failure
}

test('a wait beyond the patience is an error at once that says how long and what would help', async () => {
  for (const [seconds, wait, fix] of [
    [99_999_999, '27777 h 46 min', /ask who runs r\.example/],
    [900, '15 min 0 s', /--patience 16m/],
  ] as const) {
    const error = await failureOf(attemptsAt(asked, policy, 300_000).next(busy(seconds * 1000)))
    assert.equal(error.code, 'REGISTRY_REFUSED')
    assert.equal(error.message, `r.example asks to wait ${wait} before the next attempt`)
    assert.match(error.why ?? '', /it answered 429; it gets 5 min 0 s in all/)
    assert.match(error.fix ?? '', fix)
  }
})

test('waits count together: what is within the patience once is not for ever', async () => {
  const attempts = attemptsAt(asked, policy, 150)
  await attempts.next(busy(100))
  assert.match((await failureOf(attempts.next(busy(100)))).message, /asks to wait/)
  attempts.progress()
  await attempts.next(busy(100))
})

test('a failure that stays one is thrown as it is, after the last attempt or at once', async () => {
  const attempts = attemptsAt(asked, policy, 300_000)
  const failures = Array.from({ length: 5 }, () => busy())
  for (const failure of failures.slice(0, 4)) await attempts.next(failure)
  assert.equal(await failureOf(attempts.next(failures[4])), failures[4])
  const other = new Error('other')
  assert.equal(await failureOf(attemptsAt(asked, policy, 300_000).next(other)), other)
})

test('a wait that takes a while is told, a short one is not', async (t) => {
  const said: unknown[] = []
  const hear = (message: unknown) => said.push(message)
  waiting.subscribe(hear)
  t.after(() => waiting.unsubscribe(hear))
  const stop = new AbortController()
  const attempts = attemptsAt(asked, policy, 300_000)
  await attempts.next(busy())
  const waits = failureOf(attempts.next(busy(60_000), stop.signal))
  assert.deepEqual(said, [
    { host: 'r.example', text: 'r.example asks to wait 1 min 0 s (Retry-After), attempt 3 of 5' },
  ])
  stop.abort(new Error('enough'))
  assert.equal((await waits).message, 'enough')
})

test('Retry-After is a number of seconds or a date, and nothing else', () => {
  const now = Date.parse('Mon, 30 Nov 2026 12:00:00 GMT')
  for (const [value, ms] of [
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['99999999', 99_999_999_000],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['Mon, 30 Nov 2026 12:01:00 GMT', 60_000],
    ['Monday, 30-Nov-26 12:01:00 GMT', 60_000],
    ['Mon Nov 30 12:01:00 2026 GMT', 60_000],
    ['Mon, 30 Nov 2020 12:00:00 GMT', 0],
    ['-5', undefined],
    ['1e9', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    const parsed = parseRetryAfter(value, now)
    assert.equal(parsed, ms, String(value))
  }
})
