import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckResult } from '../../../../installer/src/checks/check.ts'
import { openSession } from '../../../../installer/src/wizard/session.ts'
import type { Work } from '../../../../installer/src/wizard/work.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, report, until } from './fake-work.ts'

const check = (id: string, state: CheckResult['state'], strict = false): CheckResult => ({
  ...{ id, title: `${id} holds`, protects: 'deploy', why: '', level: 'error', strict, state },
})

async function checked(t: import('node:test').TestContext, work: Partial<Work>) {
  const session = await openSession(await temporaryDirectory(t), {
    work: { ...fakeWork(), ...work },
    draft: completeDraft,
    base: '/',
  })
  t.after(() => session.close())
  return await session.enter({ kind: 'terminal', label: 'terminal' })
}

test('what checks have found counts until an answer changes; what is ignored is found all the same', async (t) => {
  const found = report(check('clock', 'failed'), check('license', 'failed', true), check('nodes', 'passed'))
  const face = await checked(t, { check: async () => found })
  await assert.rejects(face.report('json'), { code: 'SESSION_NO_REPORT' })
  await face.check()
  await until(face, ({ phase, checks }) => phase === 'asking' && checks.length === 3)
  await face.answer({ '/ignore': ['clock', 'license', 'nodes'] })
  const states = async () => (await face.view()).checks.map(({ state }) => state)
  assert.deepEqual(await states(), ['ignored', 'failed', 'passed'])
  const { counts, checks } = JSON.parse(await face.report('json'))
  assert.deepEqual(counts, { failed: 1, warnings: 0, ignored: 1, skipped: 0, passed: 1 })
  assert.equal(checks.length, 3)
  assert.match(await face.report('html'), /<!doctype html>[\s\S]*clock holds/)
  await face.answer({ '/ignore': null })
  assert.deepEqual(await states(), ['failed', 'failed', 'passed'])
  await face.answer({ '/host': 'other.example' })
  assert.deepEqual(await states(), [])
  await assert.rejects(face.report('html'), { code: 'SESSION_NO_REPORT' })
})

test('checks that are stopped or break leave nothing that runs, and say why', async (t) => {
  let broken = false
  const face = await checked(t, {
    async check(_, tell, signal) {
      tell({ type: 'checks', checks: [check('clock', 'running'), check('nodes', 'passed')] })
      if (broken) throw new Error('no room')
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  for (const code of ['USAGE_INTERRUPTED', 'INTERNAL_DEFECT']) {
    await face.check()
    await until(face, ({ checks }) => checks.length === 2)
    if (!broken) await face.stop()
    const { checks, failure } = await until(face, ({ phase }) => phase === 'asking')
    assert.deepEqual(
      checks.map(({ state }) => state),
      ['waiting', 'passed'],
    )
    assert.equal(failure?.code, code)
    broken = true
  }
})
