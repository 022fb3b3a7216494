import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createActivity } from '../../../../services/envproxy/activity.ts'

function collect(t: TestContext, answer: () => Promise<void> = async () => {}) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const reports: string[][] = []
  const activity = createActivity(async (workspaces) => {
    reports.push(workspaces)
    await answer()
  })
  t.after(() => activity.close())
  return { activity, reports, tick: () => t.mock.timers.tick(30_000) }
}

test('a use is told once, a held workspace in every report until it is let go', (t) => {
  const { activity, reports, tick } = collect(t)
  activity.mark('one')
  activity.mark('one')
  const first = activity.hold('two')
  const second = activity.hold('two')
  tick()
  tick()
  first()
  first()
  tick()
  second()
  tick()
  tick()
  assert.deepEqual(reports, [['one', 'two'], ['two'], ['two'], ['two']])
})

test('what the manager did not hear is told again', async (t) => {
  let away = true
  const { activity, reports, tick } = collect(t, async () => {
    if (away) throw new Error('away')
  })
  activity.mark('one')
  tick()
  await new Promise(setImmediate)
  away = false
  activity.mark('two')
  tick()
  await new Promise(setImmediate)
  tick()
  assert.deepEqual(
    reports.map((report) => report.toSorted()),
    [['one'], ['one', 'two']],
  )
})

test('reports hold no more ids than the manager takes', (t) => {
  const { activity, reports, tick } = collect(t)
  for (let index = 0; index < 2500; index++) activity.mark(`w${index}`)
  tick()
  assert.deepEqual(
    reports.map((report) => report.length),
    [1000, 1000, 500],
  )
})
