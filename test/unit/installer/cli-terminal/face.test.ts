import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Ask } from '../../../../installer/src/cli/terminal/ask.ts'
import { back } from '../../../../installer/src/cli/terminal/ask.ts'
import { terminalFace } from '../../../../installer/src/cli/terminal/face.ts'
import { openSession, type SessionOptions } from '../../../../installer/src/wizard/session.ts'
import type { View } from '../../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, result, started } from '../wizard/fake-work.ts'

/**
 * Somebody at the terminal: says what `says` has for a question, each once, and otherwise takes what is offered. What
 * looks wrong is gone on with.
 */
function person(says: Record<string, string[]>): Ask & { shown(): string } {
  let shown = ''
  const say = (text: string) => {
    shown += `${text}\n`
  }
  const left = (message: string) => says[message.replace(' (optional)', '')]
  const next = (message: string) => left(message)?.shift()
  return {
    say,
    shown: () => shown,
    async text({ message, fallback, fault }, signal) {
      say(message)
      for (;;) {
        signal.throwIfAborted()
        const text = next(message) ?? fallback ?? ''
        if (text === '<') return back
        if (text === '...')
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        const wrong = await fault(text)
        if (wrong === undefined) return text
        say(`! ${wrong}`)
        assert.ok(left(message)?.length, `${message}: ${wrong}`)
      }
    },
    async choice({ message, choices, fallback }) {
      const name = next(message) ?? (message === 'That does not look right' ? 'go on' : undefined)
      say(`${message} ${name ?? ''}`)
      if (name === '<') return back
      const chosen = choices.find((choice) => (name === undefined ? choice.value === fallback : choice.name === name))
      assert.ok(chosen ?? name === undefined, `${message}: ${name} is not offered`)
      return (chosen ?? choices[0])?.value as never
    },
  }
}

async function terminal(t: TestContext, says: Record<string, string[]>, options: SessionOptions = {}) {
  const directory = await temporaryDirectory(t)
  const session = await openSession(directory, { work: fakeWork(), base: '/site', lockWait: 0, ...options })
  t.after(() => session.close())
  const ask = person(says)
  const stream = new PassThrough()
  let printed = ''
  stream.on('data', (chunk: Buffer) => {
    printed += chunk
  })
  const face = await session.enter({ kind: 'terminal', label: 'terminal' })
  const start = (signal = new AbortController().signal): Promise<View | undefined> =>
    terminalFace(face, { ask, signal, stream: stream as unknown as NodeJS.WriteStream })
  return { directory, session, face, start, shown: () => `${ask.shown()}${printed}` }
}

const install = { 'The checks have passed': ['go on to the review'], 'Install?': ['install'] }

test('what is answered already is confirmed, from the first page to the installed platform', async (t) => {
  const work = fakeWork()
  const { start, shown } = await terminal(t, { ...install }, { draft: completeDraft, work })
  const view = await start()
  assert.deepEqual([view?.phase, view?.result?.url], ['done', result.url])
  assert.match(shown(), /ok {6}Clocks agree: 3 ms/)
  assert.match(shown(), /\[1\/2\] Verify the bundle/)
  assert.match(shown(), /host: cde.example/)
  assert.equal(work.answers.length, 2)
})

test('everything is asked where nothing is answered, and a wrong answer is asked again at its field', async (t) => {
  const work = fakeWork()
  const says = {
    ...install,
    Bundle: ['/site/cde.bundle'],
    'Trusted keys': ['/site/vendor.pub'],
    License: ['/site/my.license'],
    Address: ['https://10.0.0.1:5000', '10.0.0.1:5000'],
    'Host name': ['cde.example/', 'cde.example'],
  }
  const { start, shown } = await terminal(t, says, { work })
  assert.equal((await start())?.phase, 'done')
  const [given] = work.answers as { host: string; registry: { address: string } }[]
  assert.deepEqual([given?.host, given?.registry.address], ['cde.example', '10.0.0.1:5000'])
  assert.match(shown(), /! .*host/i)
})

test('where no bundle file is named, a release in a registry is asked for', async (t) => {
  const work = fakeWork()
  const release = 'registry.vendor.example/cde/release:0.1.0'
  const { bundle: _, ...draft } = completeDraft
  const registry = { kind: 'existing', address: 'registry.vendor.example' }
  const says = { ...install, Bundle: [''], Release: ['', 'cde/release', release] }
  const { start, shown } = await terminal(t, says, { draft: { ...draft, registry }, work })
  assert.equal((await start())?.phase, 'done')
  assert.partialDeepStrictEqual(work.answers[0], { release })
  assert.match(shown(), /! it is missing. .*or as release one/)
  assert.match(shown(), /! .*names neither version nor digest/)
  assert.doesNotMatch(shown(), /Release \(optional\)/)
})

test('only what may stay without an answer is said to be optional, as in a browser', async (t) => {
  const registry = { kind: 'existing', address: '10.0.0.1:5000' }
  const says = { ...install, User: ['puller'], Password: ['', '/site/password'] }
  const { start, shown } = await terminal(t, says, { draft: { ...completeDraft, registry } })
  assert.equal((await start())?.phase, 'done')
  const optional = [...shown().matchAll(/^(.*) \(optional\)$/gm)].map(([, title]) => title)
  assert.ok(optional.includes('Host name of dev URLs') && optional.includes('User'), optional.join())
  for (const title of ['Bundle', 'Password', 'Forward proxy', 'Service type'])
    assert.ok(!optional.includes(title), title)
  assert.match(shown(), /! it is missing: the user of the registry and the file with the password belong together/)
})

test('< goes to the question before, and to the page before', async (t) => {
  const says = { ...install, License: ['<'], 'Trusted keys': ['<'] }
  const { start, shown } = await terminal(t, says, { draft: completeDraft })
  assert.equal((await start())?.phase, 'done')
  const asked = shown().split('\n')
  assert.equal(asked.filter((line) => line === 'Trusted keys').length, 3)
  assert.equal(asked.filter((line) => line === 'Bundle').length, 3)
})

test('answers are written to a file that is not there yet, and read from one', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'answers.yaml')
  const other = join(directory, 'other.yaml')
  await writeFile(other, 'keep me')
  const says = {
    'The checks have passed': ['go on to the review', 'go on to the review'],
    'Install?': ['write these answers to a file', 'read answers from a file', 'install'],
    File: [other, file, other, file],
  }
  const { start, session } = await terminal(t, says, { draft: completeDraft })
  assert.equal((await start())?.phase, 'done')
  assert.equal(await readFile(other, 'utf8'), 'keep me')
  const face = await session.enter({ kind: 'terminal', label: 'other' })
  assert.equal(await readFile(file, 'utf8'), await face.export())
})

test('where nothing answers the bundle is served from the terminal, or it is said what keeps it from that', async (t) => {
  let tries = 0
  const work = fakeWork(async () => {
    if (++tries === 1) throw new SealiftError('USAGE_LISTEN', 'the port is taken', { fix: 'ss -ltnp' })
  })
  const draft = { ...completeDraft, registry: { kind: 'serve', address: '127.0.0.1:1' } }
  const go = 'go on'
  const looks = [go, go, go, 'serve from this file', 'serve from this file']
  const { start, shown } = await terminal(t, { ...install, 'That does not look right': looks }, { draft, work })
  assert.equal((await start())?.phase, 'done')
  assert.match(shown(), /Verifying the bundle/)
  assert.match(shown(), /! the port is taken \[USAGE_LISTEN\]\n {4}try: ss -ltnp/)
  assert.match(shown(), /process 4711 serves it at 10\.0\.0\.1:5000.*kill 4711/)
  assert.equal((work.answers.at(-1) as { registry: { caFile: string } }).registry.caFile, started.ca)
})

test('a failed installation offers to go on, and does', async (t) => {
  let tries = 0
  const work = fakeWork(async () => {
    // the first time is that of the checks
    if (++tries === 2) throw new SealiftError('CLUSTER_ROLLOUT', 'a pod does not run', { fix: 'wait' })
  })
  const says = { ...install, 'What now?': ['go on'] }
  const { start, shown } = await terminal(t, says, { draft: completeDraft, work })
  assert.equal((await start())?.phase, 'done')
  assert.match(shown(), /! a pod does not run \[CLUSTER_ROLLOUT\]\n {4}try: wait/)
})

test('whoever leaves finds all answers again', async (t) => {
  const says = { 'The checks have passed': ['leave'] }
  const { start, session, directory } = await terminal(t, says, { draft: completeDraft })
  assert.equal(await start(), undefined)
  await session.close()
  const again = await openSession(directory, { work: fakeWork(), lockWait: 0 })
  t.after(() => again.close())
  const face = await again.enter({ kind: 'terminal', label: 'terminal' })
  assert.deepEqual((await face.view()).draft, { ...completeDraft, ...(await face.view()).draft })
})

test('while a browser steers the terminal follows; Enter takes over', async (t) => {
  const finish = Promise.withResolvers<void>()
  const directory = await temporaryDirectory(t)
  const session = await openSession(directory, {
    work: fakeWork(() => finish.promise),
    draft: completeDraft,
    lockWait: 0,
  })
  t.after(() => session.close())
  const browser = await session.enter({ kind: 'web', label: 'browser at 10.0.0.7' })
  await browser.go('registry')
  const face = await session.enter({ kind: 'terminal', label: 'terminal' })
  const ask = person({ ...install, 'Press Enter to take over': ['...', ''] })
  const ended = terminalFace(face, { ask, signal: new AbortController().signal, stream: new PassThrough() as never })
  while (!ask.shown().includes('on the page registry')) await setTimeout(1)
  await browser.go('names')
  finish.resolve()
  assert.equal((await ended)?.phase, 'done')
  assert.match(ask.shown(), /browser at 10.0.0.7 steers, on the page registry/)
  assert.match(ask.shown(), /Names and certificates/)
})

test('an interruption ends the face with its reason', async (t) => {
  const says = { Bundle: ['...'] }
  const { start } = await terminal(t, says)
  const controller = new AbortController()
  const ended = start(controller.signal)
  controller.abort(new SealiftError('USAGE_INTERRUPTED', 'interrupted'))
  await assert.rejects(ended, { code: 'USAGE_INTERRUPTED' })
})
