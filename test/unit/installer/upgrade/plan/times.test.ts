import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryEntry } from '../../../../../installer/src/install/history.ts'
import { expectedTimes } from '../../../../../installer/src/upgrade/plan/times.ts'

const ran = (times: Record<string, number>, outcome: HistoryEntry['outcome'] = 'done'): HistoryEntry => {
  const release = { name: 'cde', version: '1.0.0', digest: 'sha256:0' }
  return { what: 'upgrade', to: release, outcome, started: '', ended: '', host: 'pier', times }
}

test('a stage is expected to take the longest of its last three times here', () => {
  const history = [
    ran({ deploy: 90 }),
    ran({ deploy: 20 }),
    ran({ deploy: 30 }),
    ran({ deploy: 999 }, 'back'),
    ran({ deploy: 25 }),
  ]
  assert.deepEqual(expectedTimes(['deploy'], { times: { deploy: 80 } }, history), {
    times: { deploy: 30 },
    guessed: false,
  })
})

test('what never ran here is guessed, and said to be; what takes no time to speak of is left out', () => {
  const { times, guessed } = expectedTimes(['license', 'proof'], { times: {} }, [])
  assert.deepEqual(Object.keys(times), ['proof'])
  assert.equal(guessed, true)
})
