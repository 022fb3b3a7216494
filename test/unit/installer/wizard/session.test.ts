import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { follow } from '../../../../installer/src/wizard/face.ts'
import { openSession, type SessionOptions } from '../../../../installer/src/wizard/session.ts'
import { emptyView, type View } from '../../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, until } from './fake-work.ts'

async function opened(t: TestContext, options: SessionOptions = {}) {
  const directory = await temporaryDirectory(t)
  const session = await openSession(directory, { work: fakeWork(), base: '/site', lockWait: 0, ...options })
  t.after(() => session.close())
  return { directory, session }
}

const terminal = { kind: 'terminal', label: 'terminal' } as const
const browser = { kind: 'web', label: 'browser' } as const

test('what one face does, every face shows', async (t) => {
  const { session } = await opened(t, { draft: completeDraft })
  const one = await session.enter(browser)
  const other = await session.enter(browser)
  const shown: View[] = [emptyView, emptyView]
  for (const [i, face] of [one, other].entries())
    face.subscribe(0, (update) => {
      shown[i] = follow(shown[i] as View, update)
    })
  await one.answer({ '/host': 'other.example' })
  await one.go('review')
  await one.install()
  const view = await until(other, ({ phase, page }) => phase === 'done' && page === 'done')
  assert.deepEqual(shown, [view, view])
  assert.equal(view.draft.host, 'other.example')
  assert.equal(view.result?.url, 'https://cde.example/')
  assert.deepEqual(view.stages[0]?.progress?.done, 5)
  assert.deepEqual(
    view.faces.map(({ id }) => id),
    [one.id, other.id],
  )
})

test('one face steers, the others watch', async (t) => {
  const { session } = await opened(t, { draft: completeDraft })
  const one = await session.enter(browser)
  const other = await session.enter(browser)
  const attempts = [
    () => other.answer({ '/host': 'evil.example' }),
    () => other.upload('/license', 'x', Buffer.from('x')),
    () => other.go('review'),
    () => other.look('names'),
    () => other.serve(),
    () => other.check(),
    () => other.install(),
    () => other.stop(),
    () => other.import('{}'),
    () => other.steer(),
  ]
  for (const attempt of attempts) await assert.rejects(attempt, { code: 'SESSION_STEERED' })
  assert.equal((await one.view()).draft.host, 'cde.example')
  const local = await session.enter(terminal)
  await local.steer()
  await assert.rejects(one.answer({ '/host': 'late.example' }), { code: 'SESSION_STEERED' })
  await local.leave()
  await other.answer({ '/host': 'third.example' })
  assert.equal((await one.view()).steering, other.id)
})

test('an answer is on the disk before it is shown, and wrong pointers change nothing', async (t) => {
  const { directory, session } = await opened(t)
  const face = await session.enter(terminal)
  await face.answer({ '/registry/address': '10.0.0.9:5000', '/bundle': 'my.bundle', '/trust': ['a.pub', '/b.pub'] })
  const kept = JSON.parse(await readFile(join(directory, 'draft.json'), 'utf8'))
  assert.equal(kept.registry.address, '10.0.0.9:5000')
  assert.equal(kept.bundle, '/site/my.bundle')
  assert.deepEqual(kept.trust, ['/site/a.pub', '/b.pub'])
  assert.deepEqual((await face.view()).draft, kept)
  for (const pointer of ['', '/', '/nothing', '/__proto__/x', '/registry/constructor', 'bundle/x'])
    await assert.rejects(face.answer({ [pointer]: 'x', '/host': 'x.example' }), { code: 'USAGE_ANSWERS' }, pointer)
  assert.equal((await face.view()).draft.host, undefined)
  const { faults } = await face.answer({ '/host': 'UPPER' })
  assert.ok(faults['/host']?.message)
  await face.answer({ '/host': null })
  assert.equal('host' in (await face.view()).draft, false)
})

test('nothing is installed while answers are missing, and no answer changes under an installation', async (t) => {
  const { session } = await opened(t, { work: fakeWork(() => new Promise(() => {})) })
  const face = await session.enter(terminal)
  for (const start of [() => face.install(), () => face.check()])
    await assert.rejects(start, { code: 'SESSION_FAULTS' })
  await face.import(JSON.stringify(completeDraft))
  await face.install()
  const attempts = [
    () => face.answer({ '/host': 'x.example' }),
    () => face.import('{}'),
    () => face.check(),
    () => face.install(),
    () => face.upload('/license', 'x', Buffer.from('x')),
  ]
  for (const attempt of attempts) await assert.rejects(attempt, { code: 'SESSION_BUSY' })
  await face.stop()
  await until(face, ({ phase }) => phase === 'failed')
})

test('a failed installation is taken up again, with other answers where that helps', async (t) => {
  let attempts = 0
  const work = fakeWork(async () => {
    if (attempts++ === 0) throw new Error('the network is down')
  })
  const { session } = await opened(t, { work, draft: completeDraft })
  const face = await session.enter(terminal)
  await face.install()
  const { failure } = await until(face, ({ phase }) => phase === 'failed')
  assert.deepEqual([failure?.code, failure?.why], ['INTERNAL_DEFECT', 'the network is down'])
  await assert.rejects(session.outcome(), { message: 'the network is down' })
  await face.answer({ '/host': 'second.example' })
  await face.install()
  await until(face, ({ phase }) => phase === 'done')
  assert.deepEqual(
    work.answers.map((answers) => (answers as { host: string }).host),
    ['cde.example', 'second.example'],
  )
})

test('an answers file gets a line and a field for what is wrong, and changes nothing then', async (t) => {
  const { session } = await opened(t, { draft: completeDraft })
  const face = await session.enter(terminal)
  await assert.rejects(face.import('apiVersion: sealift.dev/v1\nkind: Answers\nbundel: x\n'), (error: Error) => {
    assert.match(error.message, /answers\.yaml:3: .*bundel/)
    return true
  })
  assert.deepEqual((await face.view()).draft, completeDraft)
  const other = await session.enter(terminal)
  await face.import((await other.export()).replace('cde.example', 'imported.example'))
  assert.equal((await face.view()).draft.host, 'imported.example')
})

test('one process has a session, the next one waits its turn', async (t) => {
  const { directory } = await opened(t)
  await assert.rejects(openSession(directory, { lockWait: 0 }), { code: 'USAGE_LOCKED' })
})

const node = (last: string, directory: string) =>
  new Promise<string>((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'session-child.ts'), directory, last], (_, stdout) =>
      resolve(stdout),
    )
  })

for (const [moment, phase, page] of [
  ['answered', 'asking', 'bundle'],
  ['review', 'asking', 'review'],
  ['checking', 'asking', 'review'],
  ['installing', 'failed', 'review'],
  ['stage', 'failed', 'progress'],
  ['progress', 'failed', 'progress'],
  ['log', 'failed', 'progress'],
] as const)
  test(`after kill -9 at "${moment}" the next process goes on with the same answers`, async (t) => {
    const directory = await temporaryDirectory(t)
    assert.match(await node(moment, directory), new RegExp(`^${moment}$`, 'm'))
    const work = fakeWork()
    const session = await openSession(directory, { work })
    t.after(() => session.close())
    const face = await session.enter(terminal)
    const view = await face.view()
    assert.deepEqual([view.phase, view.page], [phase, page])
    assert.deepEqual(view.draft, {
      ...completeDraft,
      registry: { ...(view.draft.registry as object), ...(moment === 'answered' ? {} : { address: '10.0.0.1:5000' }) },
    })
    if (phase === 'failed') assert.equal(view.failure?.code, 'USAGE_INTERRUPTED')
    assert.equal(
      view.stages.some(({ state }) => state === 'running'),
      false,
    )
    if (moment === 'answered') return
    await face.install()
    await until(face, ({ phase }) => phase === 'done')
  })

test('a line that a crash cut short and a disk that is full spoil no view', async (t) => {
  const { directory, session } = await opened(t, { draft: completeDraft })
  const face = await session.enter(terminal)
  await face.go('review')
  await session.close()
  await appendFile(join(directory, 'events.jsonl'), '{"view":{"stages":1}}\n7\nnull\n{"type":"page","page":"do')
  const again = await openSession(directory, { work: fakeWork() })
  t.after(() => again.close())
  const other = await again.enter(terminal)
  assert.equal((await other.view()).page, 'review')
  await other.go('checks')
  await again.close()
  assert.ok((await stat(join(directory, 'events.jsonl'))).size < 10_000)
})

test('answers that cannot be read any more are said to be so, and stay where they are', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'draft.json'), '{"host":')
  await assert.rejects(openSession(directory), { code: 'STORAGE_STATE' })
  assert.equal(await readFile(join(directory, 'draft.json'), 'utf8'), '{"host":')
})

test('one who comes back gets what it missed; after too much, or from another run, the whole view', async (t) => {
  const { directory, session } = await opened(t, { draft: completeDraft })
  const face = await session.enter(terminal)
  const { seq } = await face.view()
  await face.go('review')
  const missed: string[] = []
  face.subscribe(seq, ({ type }) => missed.push(type))()
  assert.deepEqual(missed, ['page'])
  await session.close()
  const again = await openSession(directory, { work: fakeWork() })
  t.after(() => again.close())
  const other = await again.enter(terminal)
  for (const after of [0, seq, seq + 1, seq + 500, Number.MAX_SAFE_INTEGER]) {
    const updates: string[] = []
    other.subscribe(after, ({ type }) => updates.push(type))()
    assert.deepEqual(updates, ['view'], String(after))
  }
})

test('nobody comes in while a session ends; who is in hears how it does', async (t) => {
  const release = Promise.withResolvers<void>()
  t.after(() => release.resolve())
  const { session } = await opened(t, { draft: completeDraft })
  const face = await session.enter(terminal)
  const heard: string[] = []
  face.subscribe((await face.view()).seq, ({ type }) => heard.push(type))
  session.onClose(() => release.promise)
  await face.install()
  const closed = session.close()
  await assert.rejects(session.enter(browser), { code: 'SESSION_ENDED' })
  release.resolve()
  await closed
  assert.ok(heard.includes('phase'))
  await assert.rejects(face.view(), { code: 'SESSION_ENDED' })
})
