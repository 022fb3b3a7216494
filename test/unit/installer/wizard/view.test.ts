import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyView, reduce, type SessionEvent, type View } from '../../../../installer/src/wizard/view.ts'

const after = (events: readonly SessionEvent[], from: View = emptyView): View =>
  events.reduce((view, event, i) => reduce(view, { ...event, seq: from.seq + i + 1, at: 1000 * (i + 1) }), from)

const installing: SessionEvent[] = [
  { type: 'phase', phase: 'installing' },
  {
    type: 'stages',
    stages: [
      { id: 'verify', title: 'Verify the bundle' },
      { id: 'deploy', title: 'Install the chart' },
    ],
  },
  { type: 'stage-start', stage: 'verify', title: 'Verify the bundle', number: 1, of: 2, at: 3000 },
  { type: 'progress', stage: 'verify', done: 10, total: 100, unit: 'bytes' },
  { type: 'progress', stage: 'verify', done: 60, total: 100, unit: 'bytes' },
]

test('progress remembers where it began, so that every face shows the same rate', () => {
  const [verify, deploy] = after(installing).stages
  assert.deepEqual(verify?.progress, { done: 60, total: 100, unit: 'bytes', from: 10, since: 4000 })
  assert.equal(verify?.state, 'running')
  assert.equal(deploy?.state, 'waiting')
})

test('a stage that starts again after a failure starts from nothing, and the failure is gone', () => {
  const failed = after(
    [
      { type: 'stage-failed', stage: 'verify', ms: 5, code: 'BUNDLE_CONTENT', message: 'damaged' },
      { type: 'phase', phase: 'failed', failure: { code: 'BUNDLE_CONTENT', message: 'damaged' } },
    ],
    after(installing),
  )
  assert.equal(failed.stages[0]?.state, 'failed')
  assert.equal(failed.failure?.code, 'BUNDLE_CONTENT')
  const again = after([{ type: 'phase', phase: 'installing' }, installing[2] as SessionEvent], failed)
  assert.equal(again.failure, undefined)
  assert.equal(again.stages[0]?.progress, undefined)
})

test('an event that is in the view already changes nothing', () => {
  const view = after(installing)
  assert.equal(reduce(view, { type: 'page', page: 'done', seq: view.seq, at: 1 }), view)
})

test('the log keeps its newest 500 lines', () => {
  const many = Array.from(
    { length: 600 },
    (_, i): SessionEvent => ({ type: 'log', stage: 'deploy', level: 'info', message: `${i}` }),
  )
  const { log } = after(many)
  assert.equal(log.length, 500)
  assert.equal(log.at(-1)?.message, '599')
})
