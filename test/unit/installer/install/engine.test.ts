import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { runStages, type Stage } from '../../../../installer/src/install/engine.ts'
import type { InstallEvent } from '../../../../installer/src/install/events.ts'
import { openJournal } from '../../../../installer/src/install/journal.ts'

const child = path.join(import.meta.dirname, 'engine-child.ts')

function scratch(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'engine-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const eventsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as InstallEvent)

const brief = (events: InstallEvent[]) =>
  events.filter((e) => e.type !== 'log' && e.type !== 'progress').map((e) => `${e.type} ${e.stage}`)

async function run(t: TestContext, stages: Stage<undefined>[], signal = new AbortController().signal) {
  const events: InstallEvent[] = []
  const journal = await openJournal(scratch(t))
  t.after(() => journal.close())
  const result = await runStages(stages, undefined, { emit: (e) => events.push(e), journal, signal }).then(
    (outcomes) => ({ outcomes }),
    (error: SealiftError) => ({ error }),
  )
  return { events, ...result }
}

const stage = (id: string, over: Partial<Stage<undefined>> = {}): Stage<undefined> => ({
  id,
  title: `Stage ${id}`,
  inPlace: 'it is there',
  needed: async () => true,
  run: async () => {},
  ...over,
})

test('a run killed with SIGKILL in the middle goes on: what the world has is skipped, the rest runs', async (t) => {
  const dir = scratch(t)
  writeFileSync(path.join(dir, 'hang'), '')
  const first = spawn(process.execPath, [child, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of first.stdout) {
    output += chunk
    if (output.includes('working on two')) first.kill('SIGKILL')
  }
  assert.deepEqual(brief(eventsOf(output)), ['stage-start one', 'stage-done one', 'stage-start two'])

  rmSync(path.join(dir, 'hang'))
  const second = spawnSync(process.execPath, [child, dir], { encoding: 'utf8' })
  assert.deepEqual(brief(eventsOf(second.stdout)), [
    'stage-skipped one',
    'stage-start two',
    'stage-done two',
    'stage-start three',
    'stage-done three',
  ])
  assert.match(second.stdout, /an earlier run ended in this stage/)
})

test('a stage that the journal calls done runs again when the world has lost its result', (t) => {
  const dir = scratch(t)
  assert.equal(spawnSync(process.execPath, [child, dir]).status, 0)
  rmSync(path.join(dir, 'one'))
  const again = spawnSync(process.execPath, [child, dir], { encoding: 'utf8' })
  assert.deepEqual(brief(eventsOf(again.stdout)), [
    'stage-start one',
    'stage-done one',
    'stage-skipped two',
    'stage-skipped three',
  ])
})

test('a journal whose last line was cut short is read up to it and written on', async (t) => {
  const dir = scratch(t)
  spawnSync(process.execPath, [child, dir])
  const file = path.join(dir, 'state', 'journal.jsonl')
  appendFileSync(file, '{"at":1,"run":"x","sta')
  const journal = await openJournal(path.join(dir, 'state'))
  assert.equal(journal.earlier.length, 6)
  await journal.append({ at: 2, run: 'y', stage: 'four', event: 'start' })
  await journal.close()
  assert.match(readFileSync(file, 'utf8'), /"sta\n\{"at":2/)
})

test('a failure keeps its code, stops the stages behind it and takes back its own', async (t) => {
  const ran: string[] = []
  const { events, error } = (await run(t, [
    stage('a'),
    stage('b', {
      run: async () => {
        throw new SealiftError('CLUSTER_X', 'no\u001b[31m luck', { fix: 'do this' })
      },
      undo: async () => void ran.push('undo b'),
    }),
    stage('c', { run: async () => void ran.push('c') }),
  ])) as { events: InstallEvent[]; error: SealiftError }
  assert.equal(error.code, 'CLUSTER_X')
  assert.deepEqual(ran, ['undo b'])
  const failed = events.at(-1)
  assert.ok(failed?.type === 'stage-failed')
  assert.deepEqual([failed.message, failed.fix], ['no luck', 'do this'])
})

test('an unexpected error is a defect and says in which stage', async (t) => {
  const { error } = (await run(t, [
    stage('a', {
      run: async () => {
        throw new TypeError('x is not a function')
      },
    }),
  ])) as { error: SealiftError }
  assert.equal(error.code, 'INTERNAL_STAGE')
  assert.match(error.message, /"Stage a" failed: x is not/)
})

test('an aborted run stops before the next stage and says how to go on', async (t) => {
  const stop = new AbortController()
  const { events, error } = (await run(
    t,
    [stage('a', { run: async () => stop.abort() }), stage('b')],
    stop.signal,
  )) as { events: InstallEvent[]; error: SealiftError }
  assert.equal(error.code, 'USAGE_INTERRUPTED')
  assert.match(error.fix ?? '', /same command again/)
  assert.deepEqual(brief(events), ['stage-start a', 'stage-done a', 'stage-failed b'])
})

test('a mirror of the journal that fails is reported and stops nothing', async (t) => {
  const events: InstallEvent[] = []
  const journal = await openJournal(scratch(t))
  await runStages([stage('a')], undefined, {
    emit: (e) => events.push(e),
    journal,
    signal: new AbortController().signal,
    mirror: () => Promise.reject(new Error('no cluster')),
  })
  await journal.close()
  assert.ok(events.some((e) => e.type === 'log' && e.level === 'warn' && e.message.includes('no cluster')))
})
