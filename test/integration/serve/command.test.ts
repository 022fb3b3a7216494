import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../../../bundle-spec/src/verify.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { vsixOf } from '../../fixtures/vsix.ts'
import { type Vendor, vendor, withoutBlob } from '../../unit/installer/serve/bundles.ts'

const main = join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')

interface Process {
  child: ChildProcess
  /** what it has said so far */
  log(): string
  ended: Promise<number | null>
}

function sealift(t: TestContext, ...args: string[]): Process {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, log: () => log, ended }
}

interface Site extends Vendor {
  /** Adds lines to release.yaml, and files beside it. */
  add(lines: string, files: Record<string, Buffer>): Promise<void>
  shelf: string
  flags: string[]
}

async function site(t: TestContext): Promise<Site> {
  const directory = await temporaryDirectory(t)
  const made = await vendor(directory)
  const shelf = join(directory, 'bundles')
  await mkdir(shelf)
  await writeFile(join(directory, 'vendor.pub'), made.trust[0] as string)
  await writeFile(join(directory, 'bank.license'), made.license)
  const flags = ['--trust', join(directory, 'vendor.pub'), '--license', join(directory, 'bank.license')]
  const add = async (lines: string, files: Record<string, Buffer>) => {
    await appendFile(join(directory, 'release.yaml'), lines)
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes)
  }
  return { ...made, add, shelf, flags: [...flags, '--state', join(directory, 'tls')] }
}

/** Starts `sealift serve` and waits for the line that says where. */
async function serving(t: TestContext, { shelf, flags }: Site, ...more: string[]) {
  const { child, log, ended } = sealift(t, 'serve', shelf, ...flags, '--listen', '127.0.0.1:0', '--json', ...more)
  const line = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const said = await Promise.race([once(line, 'line'), ended.then(() => Promise.reject(new Error(log())))])
  const { registry, ca, metrics, gallery } = JSON.parse(String(said[0]))
  const caPem = await readFile(ca, 'utf8')
  const [host, port] = registry.split(':')
  const get = (path: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) =>
      request({ host, port, path, ca: caPem, agent: false }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode ?? 0, text })
      })
        .on('error', reject)
        .end(),
    )
  return { child, log, ended, get, metrics, gallery }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    assert.ok(i < 200, 'it does not come')
    await sleep(50)
  }
}

test('SIGHUP loads new bundles, a bad one changes nothing, and SIGTERM ends it with 0', async (t) => {
  const here = await site(t)
  await here.build(join(here.shelf, 'one.bundle'), '0.1.0')
  const { child, log, ended, get, metrics } = await serving(t, here, '--metrics', '127.0.0.1:0')
  const tags = async () => JSON.parse((await get('/v2/cde/manager/tags/list')).text).tags
  assert.deepEqual(await tags(), ['0.1.0'])

  const bad = await here.build(join(here.shelf, 'two.bundle'), '0.2.0')
  await withoutBlob(bad, here.trust, digestOf(Buffer.from('manager 0.2.0')))
  child.kill('SIGHUP')
  await until(() => log().includes('those before stay'))
  assert.match(log(), /BUNDLE_NOT_FOUND|lacks blobs/)
  assert.deepEqual(await tags(), ['0.1.0'])

  await here.build(join(here.shelf, 'two.bundle'), '0.2.0')
  child.kill('SIGHUP')
  await until(async () => (await tags()).length === 2)
  assert.deepEqual(await tags(), ['0.1.0', '0.2.0'])

  const text = await (await fetch(`http://${metrics}/metrics`)).text()
  assert.match(text, /^sealift_bundles 2$/m)
  assert.match(text, /^sealift_reloads_total\{result="failed"\} 1$/m)
  assert.match(text, /^sealift_requests_total\{kind="tags",status="200"\} \d+$/m)
  assert.equal((await get('/healthz')).status, 200)
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})

test('it says where editors find the extensions of its bundles, and nothing of them where there are none', async (t) => {
  const here = await site(t)
  await here.build(join(here.shelf, 'one.bundle'), '0.1.0')
  const { child, ended, gallery } = await serving(t, here)
  assert.equal(gallery, undefined)
  child.kill('SIGTERM')
  await ended
  await here.add('extensions: [{path: hello.vsix}]\n', { 'hello.vsix': vsixOf() })
  await here.build(join(here.shelf, 'one.bundle'), '0.1.0')
  const again = await serving(t, here)
  const path = new URL(String(again.gallery)).pathname
  assert.equal((await again.get(`${path}/vscode/gallery/acme/hello/latest`)).status, 200)
})

test('what cannot be is refused before anything listens', async (t) => {
  const here = await site(t)
  await here.build(join(here.shelf, 'one.bundle'), '0.1.0')
  const { flags, shelf } = here
  for (const [expected, ...more] of [
    ['USAGE_NAME', '--listen', '0.0.0.0:0'],
    ['USAGE_LISTEN', '--listen', '5000'],
    ['USAGE_ARGUMENTS', '--listen', '127.0.0.1:0', '--username', 'site'],
    ['USAGE_ARGUMENTS', '--listen', '127.0.0.1:0', '--token-auth'],
    [
      'USAGE_ARGUMENTS',
      '--listen',
      '10.9.8.7:0',
      '--plain-http',
      '--username',
      'a',
      '--password-file',
      flags[1] as string,
    ],
    ['USAGE_LISTEN', '--listen', '192.0.2.1:0'],
    ['USAGE_SYSTEMD', '--listen', '127.0.0.1:0', '--systemd'],
  ] as [string, ...string[]][]) {
    const { log, ended } = sealift(t, 'serve', shelf, ...flags, ...more)
    assert.equal(await ended, 2, log())
    assert.match(log(), new RegExp(`\\[${expected}\\]`))
  }
})
