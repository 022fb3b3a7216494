import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { push, putIndex, realRegistry } from '../build-sources-release.ts'

const cli = join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')

/** What the command says; a failure comes back with its exit code. */
const allowlist = (...words: string[]): Promise<{ stdout: string; stderr: string; code: number }> =>
  promisify(execFile)(process.execPath, [cli, 'allowlist', ...words], {
    env: { ...process.env, HOME: '/nonexistent' },
  }).then(
    (said) => ({ ...said, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )

const endpoints = `endpoints:
  - {id: gallery, url: "https://open-vsx.example/vscode", from: [workspaces], phases: [run], required: false, why: Editors find extensions there., without: No more extensions., since: 0.1.0}
  - {id: login, value: oidc.issuer, from: [pods], phases: [run], required: true, why: People log in there., without: Nobody logs in., since: 0.1.0}
`

async function release(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await writeFile(options.source, (await readFile(options.source, 'utf8')) + endpoints)
  const key = join(directory, 'vendor.pub')
  await writeFile(key, trust[0] as string)
  const answers = join(directory, 'answers.yaml')
  await writeFile(join(directory, 'bank.license'), 'not looked at')
  await writeFile(
    answers,
    `apiVersion: sealift.dev/v1
kind: Answers
mode: restricted
bundle: cde.bundle
license: bank.license
trust: [vendor.pub]
proxy: {https: "http://proxy.bank.example:3128", exempt: [.bank.example]}
outside: [https://github.com]
registry: {kind: existing, address: registry.sealift.example}
host: cde.bank.example
values: {oidc: {issuer: "https://login.idp.example"}}
`,
  )
  const { path } = await buildBundle(options)
  return { directory, path, key, answers, source: options.source, bundle: [path, '--trust', key] }
}

test('a bundle says what it needs, and a site with its answers what it has to open', async (t) => {
  const { path, key, answers, bundle, directory } = await release(t)
  const read = async (...words: string[]): Promise<Allowlist> =>
    JSON.parse((await allowlist('generate', ...words, '--format', 'json')).stdout)
  const anywhere = await read(...bundle)
  assert.deepEqual(
    [anywhere.endpoints.map(({ id }) => id), anywhere.open?.map(({ value }) => value)],
    [['gallery', 'registry.registry.sealift.example'], ['oidc.issuer']],
  )
  const here = await read('--answers', answers)
  assert.deepEqual(
    here.endpoints.map(({ id }) => id),
    ['answer.github.com', 'gallery', 'login', 'registry.registry.sealift.example'],
  )
  const out = join(directory, 'list.json')
  assert.equal(
    (await allowlist('generate', path, '--trust', key, '--answers', answers, '--format', 'json', '--out', out)).code,
    0,
  )
  assert.deepEqual(JSON.parse(await readFile(out, 'utf8')), here)

  for (const more of [['--observe'], ['--since', out]])
    assert.match((await allowlist('generate', out, ...more)).stderr, /a list that is made already .*USAGE_ARGUMENTS/)
  const squid = await allowlist('generate', out, '--format', 'squid', '--from', 'workspaces')
  assert.deepEqual(squid.stdout.match(/(?<=dstdomain -n ).*/g), ['github.com', 'open-vsx.example'])

  const { stdout } = await allowlist('diff', path, out, '--trust', key)
  assert.match(stdout, /^\+ https:\/\/login\.idp\.example:443 {2}from pods$/m)
  assert.match(stdout, /^nothing to close$/m)
  const explained = await allowlist('explain', 'LOGIN.idp.example.', out)
  assert.match(explained.stdout, /why +People log in there\.\n +without +Nobody logs in\./)
  const unlisted = await allowlist('explain', 'evil.example', out)
  assert.deepEqual([unlisted.code, /\[USAGE_UNLISTED\]/.test(unlisted.stderr)], [2, true])
})

test('what nobody can mean is refused with a code', async (t) => {
  const { path, key, source } = await release(t)
  const refused: [string[], RegExp][] = [
    [['generate'], /it is not said of what the list is/],
    [['generate', path], /it is not said by whom .* may be signed/],
    [['generate', source, '--format', 'word'], /there is no format word/],
    [['generate', key, '--trust', key], /BUNDLE_/],
    [['generate', source, '--out', '/nonexistent/list'], /\/nonexistent\/list cannot be written \[STORAGE_WRITE\]/],
    [['generate', 'nothing.json', '--since', 'nothing.json'], /USAGE_ALLOWLIST/],
    [['explain', 'https://x.example', source], /is no host/],
    [['diff', source, 'nothing.json'], /USAGE_ALLOWLIST/],
  ]
  for (const [words, why] of refused) {
    const { code, stderr } = await allowlist(...words)
    assert.match(stderr, why)
    assert.notEqual(code, 0)
    assert.notEqual(code, 1)
  }
})

/** A server of the test's own; its `host:port` under a name of this machine. */
async function serverAt(t: TestContext, name: string, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `${name}:${(server.address() as AddressInfo).port}`
}

test('--observe does the pulls, finds the host that blobs come from, and the build seals what was found', async (t) => {
  const directory = await temporaryDirectory(t)
  const { registry, store } = await realRegistry(t)
  const pass: RequestListener = async (request, response) => {
    const { method = 'GET', headers } = request
    const range = headers.range ? { range: headers.range } : {}
    const found = await fetch(`http://${registry.host}${request.url}`, {
      method,
      headers: { accept: headers.accept ?? '*/*', ...range },
    })
    const kept = ['content-type', 'docker-content-digest', 'content-range'].flatMap((name) => {
      const value = found.headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    const body = Buffer.from(await found.arrayBuffer())
    const length = method === 'HEAD' ? found.headers.get('content-length') : body.length
    response.writeHead(found.status, { ...Object.fromEntries(kept), 'content-length': length ?? 0 }).end(body)
  }
  const blobs = await serverAt(t, 'localhost', pass)
  const front = await serverAt(t, '127.0.0.1', (request, response) =>
    request.method === 'GET' && request.url?.includes('/blobs/')
      ? response.writeHead(307, { location: `http://${blobs}${request.url}`, 'content-length': 0 }).end()
      : pass(request, response),
  )
  const memory = memoryStore()
  for (const name of ['manager', 'workspace'])
    await push(memory, store, putIndex(memory, name, ['linux/amd64']).index, `${registry.host}/cde/${name}:0.1.0`)
  const { options } = await smallRelease(directory, front)
  const registries = join(directory, 'registries.yaml')
  await writeFile(registries, `registries:\n  "${front}": { plainHttp: true }\n  "${blobs}": { plainHttp: true }\n`)
  const list = join(directory, 'list.json')
  const generate = (...more: string[]) =>
    allowlist('generate', options.source, '--registries', registries, '--format', 'json', '--out', list, ...more)

  const plain = await generate()
  assert.equal(plain.code, 0, plain.stderr)
  const seen = await generate('--observe', '--since', list)
  assert.equal(seen.code, 0, seen.stderr)
  const { endpoints, changes } = JSON.parse(await readFile(list, 'utf8')) as Allowlist
  const blob = endpoints.find(({ id }) => id.startsWith('blob.'))
  assert.deepEqual([blob?.host, blob?.port, blob?.known.after], ['localhost', Number(blobs.split(':')[1]), '127.0.0.1'])
  assert.equal(blob?.known.on, new Date().toISOString().slice(0, 10))
  assert.ok(changes.some(({ change, id }) => change === 'added' && id === blob?.id))

  await writeFile(options.source, `${await readFile(options.source, 'utf8')}allowlist: list.json\n`)
  const { release } = await buildBundle(options)
  const sealed = release.allowlist?.endpoints.find(({ id }) => id === blob?.id)
  assert.deepEqual(sealed, blob)
})
