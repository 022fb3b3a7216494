import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { follow, type Session } from '../../../../installer/src/wizard/face.ts'
import { findSessions, lookAt } from '../../../../installer/src/wizard/find.ts'
import { joinSession } from '../../../../installer/src/wizard/join.ts'
import { type OwnSession, openSession, type SessionOptions } from '../../../../installer/src/wizard/session.ts'
import { offerSession } from '../../../../installer/src/wizard/socket.ts'
import { emptyView, type View } from '../../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, until } from './fake-work.ts'

async function offered(t: TestContext, directory: string, options: SessionOptions = {}): Promise<OwnSession> {
  const session = await openSession(directory, { work: fakeWork(), lockWait: 0, draft: completeDraft, ...options })
  t.after(() => session.close())
  await offerSession(session)
  return session
}

async function joined(t: TestContext, directory: string): Promise<Session> {
  const session = await joinSession(directory)
  assert.ok(session)
  t.after(() => session.close())
  return session
}

const terminal = { kind: 'terminal', label: 'terminal' } as const
const browser = { kind: 'web', label: 'browser' } as const

test('who joins over the socket sees and does the same as who owns the session', async (t) => {
  const directory = await temporaryDirectory(t)
  const own = await (await offered(t, directory)).enter(browser)
  const face = await (await joined(t, directory)).enter(terminal)
  let shown: View = emptyView
  const stop = face.subscribe(0, (update) => {
    shown = follow(shown, update)
  })
  await assert.rejects(face.answer({ '/host': 'x.example' }), { code: 'SESSION_STEERED', name: 'SealiftError' })
  await face.steer()
  await assert.rejects(face.answer({ '/nothing': 'x' }), { code: 'USAGE_ANSWERS' })
  assert.deepEqual(await face.answer({ '/host': 'joined.example' }), { faults: {} })
  const { path } = await face.upload('/tls/keyFile', '../../cde key.pem', Buffer.from('a key'))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.ok(path.startsWith(join(directory, 'uploads/tls-keyFile-')), path)
  await face.answer({ '/tls': null })
  await face.go('review')
  assert.match(await face.export(), /host: joined\.example/)
  await face.import((await face.export()).replace('joined', 'imported'))
  assert.deepEqual(await face.questions(), JSON.parse(JSON.stringify(await own.questions())))
  await assert.rejects(face.invite(), { code: 'SESSION_NO_WEB' })
  await face.install()
  const view = await until(own, ({ phase, page }) => phase === 'done' && page === 'done')
  await until(face, () => shown.seq === view.seq)
  const plain = (value: View) => JSON.parse(JSON.stringify(value))
  assert.deepEqual(plain(shown), plain(view))
  assert.equal(view.draft.host, 'imported.example')
  stop()
  await face.leave()
  await assert.rejects(face.view(), { code: 'SESSION_UNKNOWN' })
})

test('the socket is for its owner alone', async (t) => {
  const directory = await temporaryDirectory(t)
  await chmod(directory, 0o755)
  await offered(t, directory)
  assert.equal((await stat(join(directory, 'session.sock'))).mode & 0o777, 0o600)
})

test('a path that is too long for a socket is no obstacle', async (t) => {
  const directory = join(await temporaryDirectory(t), 'a'.repeat(100), 'b'.repeat(100))
  const session = await offered(t, directory)
  const face = await (await joined(t, directory)).enter(terminal)
  assert.equal((await face.view()).draft.host, 'cde.example')
  await session.close()
  await assert.rejects(stat(join(directory, 'session.sock')), { code: 'ENOENT' })
})

test('in the place of the socket nothing is removed but a socket', async (t) => {
  const directory = await temporaryDirectory(t)
  const session = await openSession(directory, { lockWait: 0 })
  t.after(() => session.close())
  const file = join(directory, 'session.sock')
  await writeFile(join(directory, 'precious'), 'x')
  await symlink(join(directory, 'precious'), file)
  await assert.rejects(offerSession(session), { code: 'SESSION_SOCKET' })
  assert.ok(await stat(join(directory, 'precious')))
  assert.equal(await joinSession(directory), undefined)
})

test('who joined hears how it ends before it hears that it has ended', async (t) => {
  const directory = await temporaryDirectory(t)
  const session = await offered(t, directory, { work: fakeWork(() => new Promise(() => {})) })
  const own = await session.enter(terminal)
  const other = await joined(t, directory)
  const face = await other.enter(browser)
  const heard: string[] = []
  let shown: View = emptyView
  face.subscribe(0, (update) => {
    shown = follow(shown, update)
    if (heard.at(-1) !== shown.phase) heard.push(shown.phase)
  })
  await until(face, () => heard.includes('asking'))
  const ended = new Promise<void>((resolve) =>
    other.ended.addEventListener('abort', () => {
      heard.push('ended')
      resolve()
    }),
  )
  await own.install()
  await until(face, () => heard.includes('installing'))
  await session.close()
  await ended
  assert.deepEqual(heard, ['asking', 'installing', 'failed', 'ended'])
  await assert.rejects(face.view(), { code: 'SESSION_ENDED' })
})

test('a process that is killed leaves a socket that nobody answers, and the next one takes its place', async (t) => {
  const directory = await temporaryDirectory(t)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'session-owner.ts'), directory], { stdio: 'pipe' })
  t.after(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const session = await joined(t, directory)
  const face = await session.enter(terminal)
  await until(face, ({ phase }) => phase === 'installing')
  assert.deepEqual((await findSessions(join(directory, '..'))).find((one) => one.directory === directory)?.live, true)
  const ended = new Promise((resolve) => session.ended.addEventListener('abort', resolve))
  child.kill('SIGKILL')
  await ended
  assert.equal(await joinSession(directory), undefined)
  assert.equal((await lookAt(directory))?.live, false)
  const next = await openSession(directory, { work: fakeWork() })
  t.after(() => next.close())
  await offerSession(next)
  const again = await (await joined(t, directory)).enter(terminal)
  assert.equal((await again.view()).phase, 'failed')
  await again.install()
  await until(again, ({ phase }) => phase === 'done')
  await next.close()
  assert.equal(await lookAt(directory), undefined)
})

test('what nobody has answered anything in is no session to go on with', async (t) => {
  const base = await temporaryDirectory(t)
  const session = await openSession(join(base, 'one'))
  await session.close()
  await writeFile(join(base, 'file'), '')
  assert.deepEqual(await findSessions(base), [])
  assert.deepEqual(await findSessions(join(base, 'missing')), [])
})
