import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chooseSession } from '../../../../installer/src/cli/install/choose.ts'
import { clearFinished } from '../../../../installer/src/wizard/finished.ts'
import { openSession } from '../../../../installer/src/wizard/session.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { completeDraft, fakeWork, until } from './fake-work.ts'

const terminal = { kind: 'terminal', label: 'terminal' } as const
const start = { new: false }

/** Where `sealift install` keeps sessions. */
async function stateHome(t: TestContext): Promise<string> {
  const [home, before] = [await temporaryDirectory(t), process.env.XDG_STATE_HOME]
  process.env.XDG_STATE_HOME = home
  t.after(() => {
    if (before === undefined) delete process.env.XDG_STATE_HOME
    else process.env.XDG_STATE_HOME = before
  })
  return join(home, 'sealift', 'install')
}

/** A session in which everything is answered, files by upload, and its face. */
async function answered(kind: 'serve' | 'existing' = 'existing') {
  const chosen = await chooseSession(start, terminal, fakeWork(), () => {})
  assert.ok('own' in chosen)
  const { own, end } = chosen
  const face = await own.enter(terminal)
  const { apiVersion: _, kind: __, registry: ___, trust: ____, ...draft } = completeDraft
  const changes = Object.fromEntries(Object.entries(draft).map(([key, value]) => [`/${key}`, value]))
  await face.answer({ ...changes, '/registry/kind': kind, '/registry/address': '10.0.0.1:5000' })
  await face.answer({ '/tls': true, '/registry/username': 'puller', '/trust': ['/site/vendor.pub'] })
  for (const pointer of [
    '/kubeconfig',
    '/license',
    '/trust',
    '/tls/certFile',
    '/tls/keyFile',
    '/registry/passwordFile',
  ])
    await face.upload(pointer, basename(pointer), Buffer.from(pointer))
  return { own, end, face }
}

const uploads = (directory: string) => {
  const place = join(directory, 'uploads')
  return existsSync(place)
    ? readdirSync(place)
        .map((name) => name.replace(/-[0-9a-f]{8}-.*/, ''))
        .sort()
    : []
}

test('when the platform is installed a session leaves the files that are needed later, and no key and no password', async (t) => {
  await stateHome(t)
  const { own, end, face } = await answered()
  assert.equal(uploads(own.directory).length, 6)
  await face.install()
  await until(face, ({ phase }) => phase === 'done')
  assert.match(await face.export(), /keyFile: .*uploads/)
  await end()
  assert.deepEqual(uploads(own.directory), ['kubeconfig', 'license', 'tls-certFile', 'trust'])
  assert.deepEqual(readdirSync(own.directory), ['uploads'])
})

test('the password of a registry that is served from the bundle stays: it is asked for when that starts again', async (t) => {
  await stateHome(t)
  const { own, end, face } = await answered('serve')
  await face.install()
  await until(face, ({ phase }) => phase === 'done')
  await end()
  assert.ok(uploads(own.directory).includes('registry-passwordFile'))
})

test('what a killed process leaves of a finished session the next start clears up; one that is not finished stays', async (t) => {
  const base = await stateHome(t)
  const finished = await answered()
  await finished.face.install()
  await until(finished.face, ({ phase }) => phase === 'done')
  await finished.own.close()
  const begun = await chooseSession({ new: true }, terminal, fakeWork(), () => {})
  assert.ok('own' in begun)
  const face = await begun.own.enter(terminal)
  const { path } = await face.upload('/tls/keyFile', 'key', Buffer.from('key'))
  await begun.end()
  assert.deepEqual(uploads(finished.own.directory), ['kubeconfig', 'license', 'tls-certFile', 'trust'])
  assert.deepEqual(readdirSync(finished.own.directory), ['uploads'])
  const said: string[] = []
  const next = await chooseSession(start, terminal, fakeWork(), (line) => said.push(line))
  assert.ok('own' in next)
  await next.end()
  assert.equal(next.own.directory, begun.own.directory)
  assert.ok(existsSync(path))
  assert.equal(readdirSync(base).length, 2)
})

test('a session without uploads leaves nothing, one in a directory of its own name all but keys', async (t) => {
  const base = await stateHome(t)
  const chosen = await chooseSession(start, terminal, fakeWork(), () => {})
  assert.ok('own' in chosen)
  const face = await chosen.own.enter(terminal)
  await face.import(JSON.stringify(completeDraft))
  await face.install()
  await until(face, ({ phase }) => phase === 'done')
  await clearFinished(chosen.own.directory)
  assert.ok(existsSync(join(chosen.own.directory, 'draft.json')), 'a process has it')
  await chosen.end()
  assert.deepEqual(readdirSync(base), [])

  const directory = join(base, 'cde-site')
  const session = await openSession(directory, { work: fakeWork(), draft: completeDraft })
  const own = await session.enter(terminal)
  await mkdir(join(directory, 'uploads'))
  await writeFile(join(directory, 'uploads', 'tls-keyFile-12345678-key'), 'nobody names it any more')
  await own.install()
  await until(own, ({ phase }) => phase === 'done')
  await session.close()
  await clearFinished(directory)
  assert.deepEqual(readdirSync(directory).sort(), ['draft.json', 'events.jsonl'])
})
