import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planText, questions } from '../../../../../installer/src/cli/upgrade-report.ts'
import type { StepPlan } from '../../../../../installer/src/upgrade/plan/plan.ts'

const step = (change: Partial<StepPlan>): StepPlan => ({
  ...{ from: '1.0.0', to: '1.1.0', digest: 'sha256:a', images: [], pulls: [], migrations: [], writesStop: false },
  ...{ irreversible: [], time: { total: 0, stages: {}, guessed: false, writesStop: 0 } },
  ...change,
})
const wordsFor = (...steps: StepPlan[]) => questions({ steps }, 'cde').map(({ word }) => word)
const textOf = (one: StepPlan) =>
  planText({ name: 'cde', from: '1.0.0', to: one.to, unused: [], steps: [one], sessions: 0 })

test('what cannot be undone is asked twice', () => {
  const irreversible = step({ to: '1.2.0', irreversible: ['903: drops the table of notes'] })
  const final = step({ to: '1.3.0', noWayBack: 'homes are of another kind' })
  assert.deepEqual(wordsFor(step({})), ['cde'])
  assert.deepEqual(wordsFor(step({}), irreversible), ['cde', '1.2.0'])
  assert.deepEqual(wordsFor(irreversible, final), ['cde', '1.3.0'])
  assert.match(questions({ steps: [final] }, 'cde')[1]?.question ?? '', /^There is no way back from 1\.3\.0\. Type/)
})

test('a plan says that there is no way back, in red where there are colours', (t) => {
  t.after(() => delete process.env.FORCE_COLOR)
  process.env.FORCE_COLOR = '0'
  const final = step({ noWayBack: 'homes are of another kind' })
  assert.match(textOf(final), /There is no way back once 1\.1\.0 is deployed\n {2}homes are of another kind/)
  assert.doesNotMatch(textOf(step({})), /no way back/)
  process.env.FORCE_COLOR = '1'
  assert.ok(textOf(final).includes('\u001b[31mhomes are of another kind'))
})
