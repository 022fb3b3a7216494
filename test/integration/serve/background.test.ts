import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readlink, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { startInBackground } from '../../../installer/src/serve/background/start.ts'
import { lockState } from '../../../installer/src/stores/state-lock.ts'
import { code } from '../../fixtures/code.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { answersOver, servedDirectory } from './served.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

interface Run {
  code: number
  json: {
    registry: string
    ca: string
    pid: number
    log: string
    already: boolean
    error: { code: string; message: string; why: string; fix: string }
  }
}

/** A bundle with its key and licenses, and what serves it in the background until the test ends. */
async function site(t: TestContext) {
  const directory = await servedDirectory(t)
  const at = (name: string) => join(directory, name)
  const { options, trust, licenseKey } = await smallRelease(directory)
  await buildBundle(options)
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('bank.license'), await issueLicense(claims(), licenseKey))
  const free = { tier: 'free', features: { airgap: false, seats: 5 } } as const
  await writeFile(at('free.license'), await issueLicense(claims(free), licenseKey))
  const port = await freePort()
  const flags = (license = 'bank.license') =>
    [
      ['--listen', `127.0.0.1:${port}`],
      ['--trust', at('vendor.pub')],
      ['--license', at(license)],
    ] as const
  const words = (license?: string) => [
    ...['serve', options.out, '--state', at('state'), '--background'],
    ...flags(license).flat(),
  ]
  const run = (license?: string, ...more: string[]) =>
    new Promise<Run>((resolve) => {
      execFile(process.execPath, [cli, ...words(license), '--json', ...more], (error, stdout) =>
        resolve({ code: Number(error?.code ?? 0), json: JSON.parse(stdout) }),
      )
    })
  return { at, port, bundle: options.out, flags, words, run }
}

test('it serves on when what started it has ended, is found again, and goes when it is told to', async (t) => {
  const { at, run, port } = await site(t)
  const { code, json } = await run()
  const { registry, ca, pid, log, already } = json
  assert.deepEqual([code, registry, ca, already], [0, `127.0.0.1:${port}`, at('state/ca.crt'), false])
  assert.deepEqual(Object.keys(await answersOver(json, '/v2/_catalog')), ['repositories'])
  const { mode } = await stat(log)
  assert.equal(mode & 0o777, 0o600)

  const parts = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  assert.deepEqual(parts.slice(4, 6), [String(pid), String(pid)], 'a group and a session of its own')
  const ends = await Promise.all(['0', '1', '2'].map((fd) => readlink(`/proc/${pid}/fd/${fd}`)))
  assert.deepEqual(ends, ['/dev/null', log, log])
  const sockets = async () => {
    const fds = await readdir(`/proc/${pid}/fd`)
    const leads = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    return leads.filter((to) => to.startsWith('socket:')).length
  }
  // the connection that was answered above ends when the server has heard of it
  for (const end = Date.now() + 10_000; (await sockets()) > 2 && Date.now() < end; ) await sleep(50)
  assert.equal(await sockets(), 2, 'its port and its lock')

  const again = await run()
  assert.deepEqual([again.code, again.json.already, again.json.pid], [0, true, pid])
  const other = await run('bank.license', '--token-auth', '--username', 'site', '--password-file', at('bank.license'))
  assert.deepEqual([other.code, other.json.error.code], [2, 'USAGE_LOCKED'])
  assert.match(other.json.error.message, new RegExp(`process ${pid} serves cde 0\\.1\\.0 at ${registry}`))
  assert.match(other.json.error.fix, new RegExp(`kill ${pid}`))
  assert.ok(await answersOver(json, '/v2/_catalog'), 'neither did anything to it')
})

test('what keeps it from serving is said as by serve itself, and nothing is left running', async (t) => {
  const { at, run, port } = await site(t)
  const free = await run('free.license')
  assert.deepEqual([free.code, free.json.error.code], [4, 'LICENSE_AIRGAP'])
  assert.match(free.json.error.fix, /ask/)
  assert.equal(existsSync(at('state/ca.key')), false)
  assert.doesNotMatch(readFileSync(at('state/serve.log'), 'utf8'), /eyJ/, 'no license in the log')

  const taken = createServer().listen(port, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { code, json } = await run()
  assert.deepEqual([code, json.error.code], [2, 'USAGE_LISTEN'])
  assert.match(json.error.fix, new RegExp(`sport = :${port}`))
  const { code: wrong } = await run('bank.license', '--systemd')
  assert.equal(wrong, 2)
})

test('who waits no more ends it; one that dies is said to have; nobody is in the way of another', async (t) => {
  const { at, bundle, flags } = await site(t)
  const background = (more: object = {}) =>
    startInBackground({ bundles: [bundle], flags: flags(), state: at('state'), ...more })
  const stop = new AbortController()
  const stopped = background({ signal: stop.signal })
  stop.abort(new Error('nobody waits'))
  await assert.rejects(stopped, /nobody waits/)

  const died = background()
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL')
  await assert.rejects(died, (error: Error & { code: string; why: string; fix: string }) => {
    assert.deepEqual([error.code, error.why], ['INTERNAL_SERVE', 'SIGKILL ended it'])
    assert.match(error.fix, /serve\.log/)
    return true
  })
  await assert.rejects(background({ state: '/dev/null/x' }), code('STORAGE_STATE'))

  const release = await lockState(at('state'), 'a test', 0, 'serve.lock')
  await assert.rejects(background(), (error: Error & { code: string; fix: string }) => {
    assert.equal(error.code, 'USAGE_LOCKED')
    assert.match(error.message, new RegExp(`process ${process.pid} is about to serve`))
    return true
  })
  release()
  assert.equal((await background()).already, false)
})

test('a process that is killed while it waits leaves one that serves', async (t) => {
  const { words, at, port } = await site(t)
  const starter = spawn(process.execPath, [cli, ...words()], {
    stdio: 'ignore',
    env: { ...process.env, SEALIFT_KEY_PASSPHRASE: 'hidden' },
  })
  const exit = once(starter, 'exit')
  while (!existsSync(at('state/serve.lock'))) await sleep(10)
  starter.kill('SIGKILL')
  await exit
  while (!existsSync(at('state/serve.json'))) await sleep(20)
  const served = { registry: `127.0.0.1:${port}`, ca: at('state/ca.crt') }
  assert.ok(await answersOver(served, '/v2/_catalog'))
  const { pid } = JSON.parse(readFileSync(at('state/serve.json'), 'utf8'))
  assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /hidden/)
})

/** Processes that one has started, by proc_pid_task(5). */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
