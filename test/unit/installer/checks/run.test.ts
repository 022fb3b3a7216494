import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Check, CheckResult, Finding } from '../../../../installer/src/checks/check.ts'
import { assertIgnorable } from '../../../../installer/src/checks/ignore.ts'
import { checkInStage } from '../../../../installer/src/checks/in-stage.ts'
import { checks as allChecks, preflightChecks } from '../../../../installer/src/checks/list.ts'
import { runChecks } from '../../../../installer/src/checks/run.ts'
import { type InstallEvent, reporterOf } from '../../../../installer/src/install/events.ts'

const passed: Finding = { state: 'passed', found: 'all' }
const failed: Finding = { state: 'failed', code: 'CLUSTER_NODES', found: 'one', needed: 'two', fix: 'add one' }

const check = (id: string, run: Check['run'] | Finding, more: Partial<Check> = {}): Check => ({
  ...{ id, title: `${id} holds`, protects: 'deploy', why: `Without ${id} it breaks.`, level: 'error' },
  run: typeof run === 'function' ? run : async () => run,
  ...more,
})

/** A context that leads nowhere: checks of these tests ask nothing. */
const context = (signal: AbortSignal, ignore: string[] = []) =>
  ({ signal, answers: { ignore }, cluster: () => ({ flags: '', until: () => ({}) }) }) as never

async function run(checks: readonly Check[], { ignore = [] as string[], signal = new AbortController().signal } = {}) {
  const emitted: CheckResult[] = []
  const outcomes = await runChecks(checks, context(signal), { ignore, signal, emit: (one) => emitted.push(one) })
  return { emitted, outcomes, results: Object.fromEntries(outcomes.map(({ result }) => [result.id, result])) }
}

test('checks run side by side, and each waits for those that it comes after', async () => {
  const order: string[] = []
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const step = (id: string, more: Partial<Check> = {}, until?: Promise<void>) =>
    check(
      id,
      async () => {
        order.push(`${id} begins`)
        await until
        order.push(`${id} ends`)
        return passed
      },
      more,
    )
  const opener = check('opener', async () => {
    open()
    return passed
  })
  const { outcomes } = await run([step('a', {}, gate), step('c', { after: ['a'] }), step('b'), opener])
  assert.deepEqual(
    outcomes.map(({ result }) => result.id),
    ['a', 'c', 'b', 'opener'],
  )
  assert.deepEqual(order.slice(-3), ['a ends', 'c begins', 'c ends'])
})

test('a failure skips what stands on it, and says so; a warning does not', async () => {
  const { results } = await run([
    check('ground', failed),
    check('second', passed, { after: ['ground'] }),
    check('third', passed, { after: ['second'] }),
    check('shaky', failed, { level: 'warning' }),
    check('fourth', passed, { after: ['shaky', 'not in this list'] }),
  ])
  assert.equal(results.second?.state, 'skipped')
  assert.equal(results.second?.found, 'not tried without: ground holds')
  assert.equal(results.third?.found, 'not tried without: ground holds')
  assert.equal(results.fourth?.state, 'passed')
})

test('what several need and cannot have is told once, but not where the first may fail', async () => {
  const broken = new SealiftError('CLUSTER_CHART', 'the chart does not render', { fix: 'values' })
  const needy = (id: string, more: Partial<Check> = {}) => check(id, () => Promise.reject(broken), more)
  const all = [needy('warns', { level: 'warning' }), needy('first'), needy('second'), needy('third')]
  const { results } = await run(all)
  assert.deepEqual(
    Object.values(results).map(({ state }) => state),
    ['failed', 'failed', 'skipped', 'skipped'],
  )
  assert.equal(results.third?.found, 'for the same reason as first: the chart does not render')
  const accepted = await run(all, { ignore: ['first'] })
  assert.deepEqual(
    Object.values(accepted.results).map(({ state }) => state),
    ['failed', 'ignored', 'failed', 'skipped'],
  )
})

test('what a check throws is a finding: with its code, or as a defect that names the check', async () => {
  const { outcomes, results } = await run([
    check('known', async () => {
      throw new SealiftError('CLUSTER_TLS', 'not to be trusted', { why: 'another CA', fix: 'name the CA' })
    }),
    check('broken', async () => {
      throw new TypeError('x is undefined')
    }),
    check('strict', () => Promise.reject(undefined), { strict: true }),
  ])
  assert.partialDeepStrictEqual(results.known, {
    ...{ state: 'failed', code: 'CLUSTER_TLS', found: 'not to be trusted: another CA', fix: 'name the CA' },
  })
  assert.equal(outcomes[0]?.error?.message, 'not to be trusted')
  assert.equal(results.broken?.code, 'INTERNAL_CHECK')
  assert.match(results.broken?.found ?? '', /the check broken is broken: x is undefined/)
  assert.match(results.broken?.fix ?? '', /ignore: \[broken\]/)
  assert.doesNotMatch(results.strict?.fix ?? '', /ignore/)
})

test('a check that takes too long fails, and its own signal ends what it does', async () => {
  const { results } = await run([
    check('slow', ({ signal }) => setTimeout(60_000, passed, { signal }), { limit: 20 }),
    check('next', passed),
  ])
  assert.deepEqual([results.slow?.state, results.slow?.code], ['failed', 'CLUSTER_CHECK_TIMEOUT'])
  assert.equal(results.next?.state, 'passed')
})

test('an interruption ends all checks, and is no finding', async () => {
  const controller = new AbortController()
  const waits = check('waits', async ({ signal }) => {
    controller.abort()
    return await setTimeout(60_000, passed, { signal })
  })
  await assert.rejects(run([waits, check('other', passed)], { signal: controller.signal }), { name: 'AbortError' })
})

test('what is ignored is still looked at, strict checks are never ignored', async () => {
  const ignore = ['known', 'fine', 'strict']
  const { results } = await run(
    [check('known', failed), check('fine', passed), check('strict', failed, { strict: true })],
    { ignore },
  )
  assert.deepEqual(
    ignore.map((id) => results[id]?.state),
    ['ignored', 'passed', 'failed'],
  )
})

test('each result is told at its start, while it waits, and at its end, without control characters', async () => {
  const { emitted } = await run([
    check('one', async (_, say) => {
      say('waiting\x1b[31m for\nit')
      return { ...failed, found: 'red\x1b[31m\u202eherring' } as Finding
    }),
  ])
  assert.deepEqual(
    emitted.map(({ state, found }) => [state, found]),
    [
      ['running', undefined],
      ['running', 'waiting for it'],
      ['failed', 'red herring'],
    ],
  )
})

test('ids to ignore are proven: an unknown one with the nearest, strict ones with why', () => {
  const list = [check('node-pull', passed), check('ownership', passed, { strict: true })]
  assertIgnorable(['node-pull'], list)
  assert.throws(() => assertIgnorable(['node-pul'], list), { code: 'USAGE_IGNORE', fix: 'did you mean "node-pull"?' })
  assert.throws(() => assertIgnorable(['zzzzzzzzzzzzzzzz'], list), { fix: 'the checks: node-pull, ownership' })
  assert.throws(() => assertIgnorable(['ownership', 'node-pull'], list), {
    code: 'USAGE_IGNORE',
    message: 'no answer can ignore: ownership',
    why: 'Without ownership it breaks.',
    fix: /these never: ownership$/,
  })
})

test('a stage says each check in its log, and fails with the first error and the number of the others', async () => {
  const events: InstallEvent[] = []
  const stage = (checks: readonly Check[], ignore: string[] = []) =>
    checkInStage(
      checks,
      context(new AbortController().signal, ignore),
      reporterOf('preflight', (event) => events.push(event)),
    )
  const refusal = new SealiftError('CLUSTER_OWNED', 'of somebody else', { why: 'a colleague', fix: 'ask' })
  const list = [
    check('fine', passed),
    check('warns', failed, { level: 'warning' }),
    check('late', async () => {
      await setTimeout(20)
      throw refusal
    }),
    check('early', failed),
  ]
  await assert.rejects(stage(list), {
    code: 'CLUSTER_OWNED',
    message: 'of somebody else',
    why: 'a colleague; 1 more check failed: early',
    fix: 'ask',
  })
  const lines = events.flatMap((event) => (event.type === 'log' ? [`${event.level} ${event.message}`] : []))
  assert.deepEqual(lines, [
    'info fine holds: all',
    'warn one (needed: two); try: add one [warns]',
    'warn failed: one (needed: two); try: add one [early]',
    'warn failed: of somebody else: a colleague (needed: late holds); try: ask [late]',
  ])
  await assert.rejects(stage([check('early', failed)]), {
    code: 'CLUSTER_NODES',
    message: 'one',
    why: 'needed: two. Without early it breaks.',
    fix: 'add one',
  })
  await stage(list, ['late', 'early'])
  assert.match(JSON.stringify(events.slice(-3)), /the answers accept that \[late\]/)
})

test('the list is in order: ids once, and each after checks that stand before it', () => {
  const seen = new Set<string>()
  for (const { id, after = [], title, why } of allChecks) {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    assert.ok(!seen.has(id), id)
    for (const before of after) assert.ok(seen.has(before), `${id} after ${before}`)
    assert.ok(title && why.endsWith('.'), id)
    seen.add(id)
  }
  assert.ok(preflightChecks.length < allChecks.length)
})
