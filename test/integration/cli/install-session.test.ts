import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { findSessions } from '../../../installer/src/wizard/find.ts'
import { joinSession } from '../../../installer/src/wizard/join.ts'
import type { View } from '../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { send, textOf } from '../../hostile/wizard-site.ts'
import { until } from '../../unit/installer/wizard/fake-work.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

/** A bundle, what belongs to it, and a cluster that never answers. */
async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  const { options, trust, licenseKey } = await smallRelease(directory)
  const { path: bundle } = await buildBundle(options)
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('my.license'), await issueLicense(claims(), licenseKey))
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    silent.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = silent.address() as { port: number }
  const clusters = [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }]
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }]
  const users = [{ name: 'u', user: {} }]
  await writeFile(at('kubeconfig'), JSON.stringify({ clusters, users, contexts, 'current-context': 'x' }))
  const answers = {
    ...{ apiVersion: 'sealift.dev/v1', kind: 'Answers', mode: 'airgapped', host: 'cde.example' },
    ...{ bundle, license: at('my.license'), trust: [at('vendor.pub')], kubeconfig: at('kubeconfig') },
    registry: { kind: 'existing', address: '127.0.0.1:9' },
  }
  await writeFile(at('answers.json'), JSON.stringify(answers))
  const env = { ...process.env, XDG_STATE_HOME: at('home') }
  const start = (...words: string[]) => {
    const child = spawn(process.execPath, [cli, 'install', ...words], { stdio: ['ignore', 'pipe', 'pipe'], env })
    t.after(() => child.kill('SIGKILL'))
    return { child, ...outputOf(child) }
  }
  return { at, bundle, start, base: at('home/sealift/install') }
}

function outputOf(child: ChildProcess) {
  const output = { out: '', err: '' }
  child.stderr?.on('data', (text) => {
    output.err += text
  })
  const link = Promise.withResolvers<URL>()
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    output.out += `${line}\n`
    const value = JSON.parse(line)
    if (value.type === 'link') link.resolve(new URL(value.url))
  })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  void exit.then((code) => link.reject(new Error(`it ended with ${code}: ${output.err}`)))
  link.promise.catch(() => {})
  return { output, exit, link: link.promise }
}

/** A browser that has opened a link. */
async function browserAt(link: URL) {
  const { hostname: host, port, origin } = link
  let cookie = ''
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { origin, 'x-sealift': '1', 'content-type': 'application/json', cookie }
    const response = await send(
      { host, port, method, path, headers },
      body === undefined ? undefined : JSON.stringify(body),
    )
    const text = await textOf(response)
    cookie ||= response.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    return { status: response.statusCode, json: text === '' ? undefined : JSON.parse(text) }
  }
  const { json } = await ask('POST', '/api/enter', { token: link.hash.slice(1) })
  return { ask, view: json.view as View }
}

test('begun in a browser, killed, gone on with in the next one: nothing is lost', async (t) => {
  const { bundle, at, start, base } = await site(t)
  const first = start(
    bundle,
    '--trust',
    at('vendor.pub'),
    '--license',
    at('my.license'),
    '--listen=127.0.0.1:0',
    '--json',
  )
  const browser = await browserAt(await first.link)
  assert.equal(browser.view.draft.bundle, bundle)
  assert.deepEqual(browser.view.draft.trust, [at('vendor.pub')])
  assert.equal((await browser.ask('POST', '/api/answer', { changes: { '/host': 'kept.example' } })).status, 200)
  await browser.ask('POST', '/api/page', { page: 'names' })

  // a second one in another terminal shows the same installation
  const second = start('--json')
  const other = await browserAt(await second.link)
  assert.equal(await second.exit, 0)
  assert.equal(other.view.draft.host, 'kept.example')
  assert.equal(other.view.faces.length, 2)
  assert.equal((await other.ask('POST', '/api/answer', { changes: { '/host': 'evil.example' } })).status, 409)

  first.child.kill('SIGKILL')
  await first.exit
  const third = start('--json', '--listen=127.0.0.1:0')
  const again = await browserAt(await third.link)
  assert.deepEqual([again.view.draft.host, again.view.page], ['kept.example', 'names'])
  assert.match(third.output.err, /going on with .*kept\.example/)
  third.child.kill('SIGINT')
  assert.equal(await third.exit, 130)
  assert.equal((await findSessions(base)).length, 1)

  // one that nobody answers anything in leaves nothing
  const fourth = start('--new', '--json', '--listen=127.0.0.1:0')
  const last = await browserAt(await fourth.link)
  assert.equal(last.view.draft.host, undefined)
  assert.equal((await last.ask('POST', '/api/close', {})).status, 204)
  assert.equal(await fourth.exit, 0)
  assert.equal((await findSessions(base)).length, 1)
})

test('an installation whose front process is killed ends in order, and goes on in the next one', async (t) => {
  const { at, start } = await site(t)
  const first = start('--answers', at('answers.json'), '--listen=127.0.0.1:0', '--json')
  const browser = await browserAt(await first.link)
  assert.equal((await browser.ask('POST', '/api/install', {})).status, 202)
  const stageOf = async () => ((await browser.ask('GET', '/api/view')).json.view as View).stages
  while (!(await stageOf()).some(({ id, state }) => id === 'preflight' && state === 'running'));
  first.child.kill('SIGKILL')
  const second = start('--listen=127.0.0.1:0', '--json')
  const { ask, view } = await browserAt(await second.link)
  assert.deepEqual([view.phase, view.failure?.code, view.page], ['failed', 'USAGE_INTERRUPTED', 'progress'])
  assert.equal(view.stages.find(({ id }) => id === 'preflight')?.state, 'failed')
  assert.equal((await ask('POST', '/api/install', {})).status, 202)
  assert.equal((await ask('POST', '/api/close', {})).status, 409)
  assert.equal((await ask('POST', '/api/stop', {})).status, 202)
  second.child.kill('SIGTERM')
  assert.equal(await second.exit, 130)
})

test('one that runs headless is watched in a browser, and stopped in a terminal', async (t) => {
  const { at, start, base } = await site(t)
  const headless = start('--headless', '--answers', at('answers.json'), '--json')
  const found = async () => (await findSessions(base)).find(({ live }) => live)
  let directory: string | undefined
  while (directory === undefined) directory = (await found())?.directory
  const session = await joinSession(directory)
  assert.ok(session)
  const face = await session.enter({ kind: 'terminal', label: 'terminal' })
  await until(face, ({ stages }) => stages.some(({ id, state }) => id === 'preflight' && state === 'running'))

  const watching = start('--json', '--listen=127.0.0.1:0')
  const browser = await browserAt(await watching.link)
  assert.equal(browser.view.phase, 'installing')
  assert.equal(
    browser.view.faces.some(({ kind }) => kind === 'headless'),
    true,
  )
  for (const path of ['/api/stop', '/api/steer', '/api/close'])
    assert.equal((await browser.ask('POST', path, {})).status, 409, path)

  await assert.rejects(face.stop(), { code: 'SESSION_STEERED' })
  await face.steer()
  await face.stop()
  assert.equal(await headless.exit, 2)
  const events = headless.output.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events
      .filter(({ type }) => type !== 'progress' && type !== 'log')
      .map(({ type, stage }) => `${type} ${stage}`)
      .slice(0, 3),
    ['stage-start license', 'stage-done license', 'stage-start verify'],
  )
  assert.equal(events.at(-1).error.code, 'USAGE_INTERRUPTED')
  assert.deepEqual(Object.keys(events[0]), ['type', 'stage', 'title', 'number', 'of', 'at'])
  // the door of the one who watched closes with the session
  assert.equal(await watching.exit, 0)
  assert.equal((await findSessions(base))[0]?.phase, 'failed')
})

test('a face that a flag says nothing to is told so', async (t) => {
  const { at, start } = await site(t)
  for (const words of [
    ['--headless'],
    ['--headless', '--answers', at('answers.json'), '--terminal'],
    ['--headless', '--answers', at('answers.json'), 'some.bundle'],
    ['--terminal', '--listen', '127.0.0.1:0'],
  ]) {
    const { exit, output } = start(...words)
    assert.equal(await exit, 2, words.join(' '))
    assert.match(output.err, /USAGE_ARGUMENTS/)
  }
})
