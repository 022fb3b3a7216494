import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Draft, setAnswer } from '../../../../installer/src/answers/draft.ts'
import { openSession } from '../../../../installer/src/wizard/session.ts'
import type { View } from '../../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, started, until } from './fake-work.ts'

async function opened(t: TestContext, { draft = completeDraft, work = fakeWork() } = {}) {
  const directory = await temporaryDirectory(t)
  const session = await openSession(directory, { work, draft, base: '/site', lockWait: 0 })
  t.after(() => session.close())
  const face = await session.enter({ kind: 'web', label: 'browser' })
  return { directory, session, work, face }
}

const answered = (changes: Record<string, unknown>): Draft =>
  Object.entries(changes).reduce((next, [pointer, value]) => setAnswer(next, pointer, value), completeDraft)
const isOver = ({ serving }: View) => serving !== undefined && serving.state !== 'starting'
const caOf = ({ draft }: View) => (draft.registry as { caFile?: string }).caFile

test('what answers then is told to all, its CA is answered, and the registry is looked at', async (t) => {
  const { session, face, work, directory } = await opened(t)
  const watcher = await session.enter({ kind: 'terminal', label: 'terminal' })
  await face.serve()
  const view = await until(watcher, (now) => isOver(now) && now.looks.registry !== undefined)
  const { registry, ca, pid, log } = started
  assert.deepEqual(view.serving, { state: 'serving', at: { registry, ca, pid, log, already: false } })
  assert.equal(caOf(view), ca)
  assert.partialDeepStrictEqual(work.answers, [{ bundle: '/site/cde.bundle', trust: ['/site/vendor.pub'] }])
  await session.close()
  const next = await openSession(directory, { work: fakeWork() })
  t.after(() => next.close())
  assert.deepEqual(
    [next.view().serving, caOf(next.view())],
    [undefined, ca],
    'the answer is kept, the process may be gone',
  )
})

test('a CA that was answered stays, and without TLS there is none', async (t) => {
  for (const [draft, ca] of [
    [answered({ '/registry/caFile': '/site/ca.crt' }), '/site/ca.crt'],
    [answered({ '/registry/plainHttp': true }), undefined],
  ] as const) {
    const { face } = await opened(t, { draft })
    await face.serve()
    assert.equal(caOf(await until(face, (now) => isOver(now) && now.looks.registry !== undefined)), ca)
  }
})

test('what keeps it from serving is shown with what helps, and it can be tried again', async (t) => {
  let tries = 0
  const work = fakeWork(async () => {
    if (tries++ === 0)
      throw new SealiftError('USAGE_LISTEN', 'the port is taken', { why: 'EADDRINUSE', fix: 'ss -ltnp' })
  })
  const { face } = await opened(t, { work })
  await face.serve()
  const { serving, draft } = await until(face, isOver)
  const failure = { code: 'USAGE_LISTEN', message: 'the port is taken', why: 'EADDRINUSE', fix: 'ss -ltnp' }
  assert.deepEqual([serving, draft], [{ state: 'failed', failure }, completeDraft])
  await face.serve()
  await until(face, ({ serving }) => serving?.state === 'serving')
})

test('it takes the answers that say what to serve where, and no other', async (t) => {
  for (const pointer of ['/bundle', '/trust', '/license', '/registry/address'])
    await assert.rejects((await opened(t, { draft: answered({ [pointer]: null }) })).face.serve(), {
      code: 'SESSION_FAULTS',
      why: new RegExp(`^${pointer.slice(1).replace('/', '.')}`),
    })
  const other = await opened(t, { draft: answered({ '/registry/kind': 'existing' }) })
  await other.face.serve()
  assert.equal((await until(other.face, isOver)).serving?.failure?.code, 'USAGE_ANSWERS')
  assert.deepEqual(other.work.answers, [])
  const { face } = await opened(t, { draft: answered({ '/host': null }) })
  await face.serve()
  await until(face, ({ serving }) => serving?.state === 'serving')
})

test('while it starts nothing else does; it is stopped, or ends when its answers change', async (t) => {
  const { face } = await opened(t, { work: fakeWork(() => new Promise(() => {})) })
  await face.serve()
  const { serving } = await until(face, (now) => now.serving?.progress !== undefined)
  assert.partialDeepStrictEqual(serving, {
    state: 'starting',
    progress: { done: 1, total: 10, unit: 'bytes', from: 1 },
  })
  for (const begin of [() => face.serve(), () => face.check(), () => face.install()])
    await assert.rejects(begin, { code: 'SESSION_BUSY' })
  await face.answer({ '/host': 'other.example' })
  assert.equal((await face.view()).serving?.state, 'starting')
  await face.stop()
  assert.equal((await until(face, isOver)).serving?.failure?.code, 'USAGE_INTERRUPTED')
  await face.serve()
  await face.answer({ '/registry/address': '10.0.0.2:5000' })
  assert.equal((await face.view()).serving, undefined)
  await face.serve()
  await until(face, (now) => now.serving?.progress !== undefined)
})

test('a start waits for the end of the one before, which still has the state directory', async (t) => {
  const happened: string[] = []
  const work = fakeWork()
  work.serve = async ({ registry }, _, signal) => {
    happened.push(`start ${registry.address}`)
    if (registry.address === '10.0.0.2:5000') return started
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await setImmediate()
    happened.push(`end ${registry.address}`)
    throw signal.reason
  }
  const { face } = await opened(t, { work })
  await face.serve()
  await until(face, () => happened.length > 0)
  await face.answer({ '/registry/address': '10.0.0.2:5000' })
  await face.serve()
  await until(face, isOver)
  assert.deepEqual(happened, ['start 10.0.0.1:5000', 'end 10.0.0.1:5000', 'start 10.0.0.2:5000'])
})

test('where the bundle is to be served and no address is answered, that of this machine is proposed', async (t) => {
  const { face } = await opened(t, { draft: answered({ '/registry/address': null }) })
  await face.go('license')
  assert.equal((await face.view()).draft.registry && addressOf(await face.view()), undefined)
  await face.go('registry')
  const proposed = addressOf(await face.view())
  // a machine may have no other address than that of loopback
  if (proposed !== undefined) assert.match(proposed, /^(?!127\.)(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):5000$/)
  await face.answer({ '/registry/address': '10.0.0.9:5000' })
  await face.go('registry')
  assert.equal(addressOf(await face.view()), '10.0.0.9:5000')
  await face.answer({ '/registry/address': null, '/registry/kind': 'existing' })
  await face.go('registry')
  assert.equal(addressOf(await face.view()), undefined)
})

const addressOf = ({ draft }: View) => (draft.registry as { address?: string }).address
