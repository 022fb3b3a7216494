import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { serveBundles } from '../../../../installer/src/serve/serve.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallRelease } from '../../../fixtures/release.ts'
import { vsixOf } from '../../../fixtures/vsix.ts'

const vsix = vsixOf()
const query = '/gallery/vscode/gallery/extensionquery'
const assets = '/gallery/vscode/asset/acme/hello/1.2.3'

/** A served bundle with two extensions; pulls need a login. */
async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await appendFile(options.source, 'extensions: [{path: a.vsix}, {path: b.vsix}]\n')
  await writeFile(join(directory, 'a.vsix'), vsix)
  await writeFile(join(directory, 'b.vsix'), vsixOf({ name: 'debug' }, 'linux-x64'))
  await buildBundle(options)
  const serving = await serveBundles({
    paths: [options.out],
    access: async () => ({ trust, license: options.license }),
    listen: { host: '127.0.0.1', port: 0 },
    auth: { username: 'site', password: 'only for pulls' },
    log: { info() {}, error() {} },
  })
  t.after(() => serving.close(0))
  const { port } = serving.address
  const send = (path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const { method = 'GET', headers = {}, body } = init
      request({ port, host: '127.0.0.1', path, method, headers, agent: false }, async (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: await text(response) }),
      )
        .on('error', reject)
        .end(body)
    })
  const ask = (criteria: unknown[], headers: Record<string, string> = {}) =>
    send(query, { method: 'POST', headers, body: JSON.stringify({ filters: [{ criteria }], flags: 914 }) })
  return { origin: `http://127.0.0.1:${port}`, port, send, ask }
}

test('an editor is told where each file of an extension is, and gets it there, without the login of pulls', async (t) => {
  const { send, ask, origin } = await site(t)
  assert.equal((await send('/v2/')).status, 401)
  const answer = await ask([{ filterType: 7, value: 'acme.hello' }])
  assert.equal(answer.status, 200)
  const [{ extensions, resultMetadata }] = JSON.parse(answer.text).results
  assert.deepEqual(resultMetadata[0].metadataItems, [{ name: 'TotalCount', count: 1 }])
  const [{ versions, publisher, flags, shortDescription }] = extensions
  assert.deepEqual([publisher.publisherName, flags, shortDescription], ['acme', '', 'Greets whoever asks for it.'])
  assert.equal(versions[0].assetUri, `${origin}${assets}`)
  assert.deepEqual(versions[0].properties[0], { key: 'Microsoft.VisualStudio.Code.Engine', value: '^1.80.0' })
  const kinds = versions[0].files.map(({ assetType }: { assetType: string }) => assetType)
  const files = await Promise.all(kinds.map((kind: string) => send(`${assets}/${kind}`)))
  assert.deepEqual(
    files.map(({ status, headers }) => [status, headers['content-type'], headers['x-content-type-options']]),
    [
      [200, 'application/octet-stream', 'nosniff'],
      [200, 'application/json', 'nosniff'],
      [200, 'text/markdown; charset=utf-8', 'nosniff'],
      [200, 'image/png', 'nosniff'],
    ],
  )
  assert.equal(JSON.parse(files[1].text).main, './main.js')
})

test('the newest of an extension is told by its address, and its VSIX comes in ranges too', async (t) => {
  const { send } = await site(t)
  for (const path of ['vscode/acme/hello/latest', 'Acme/HELLO/latest']) {
    const { status, text } = await send(`/gallery/vscode/gallery/${path}`)
    assert.deepEqual([status, JSON.parse(text).versions[0].version], [200, '1.2.3'])
  }
  const path = '/gallery/vscode/gallery/publishers/acme/vsextensions/hello/1.2.3/vspackage'
  const whole = await send(path, { method: 'HEAD' })
  assert.deepEqual([whole.status, whole.headers['content-length']], [200, String(vsix.length)])
  const part = await send(path, { headers: { range: 'bytes=0-1' } })
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'PK', `bytes 0-1/${vsix.length}`])
  const fresh = await send(path, { headers: { 'if-none-match': String(whole.headers.etag) } })
  assert.equal(fresh.status, 304)
})

test('a file is that of the platform asked for', async (t) => {
  const { send } = await site(t)
  const status = async (name: string, platform: string) =>
    (await send(`/gallery/vscode/asset/acme/${name}/1.2.3/Microsoft.VisualStudio.Services.VSIXPackage${platform}`))
      .status
  assert.equal(await status('debug', '?targetPlatform=linux-x64&redirect=true'), 200)
  assert.equal(await status('debug', '?targetPlatform=linux-arm64'), 404)
  assert.equal(await status('debug', ''), 404)
  assert.equal(await status('hello', ''), 200)
  assert.equal(await status('hello', '?targetPlatform=universal'), 200)
})

test('behind a proxy that ends TLS, files are at the https address', async (t) => {
  const { ask } = await site(t)
  const uri = async (headers: Record<string, string>) =>
    JSON.parse((await ask([], { host: 'serve.site.example', ...headers })).text).results[0].extensions[0].versions[0]
      .assetUri
  assert.match(await uri({ 'x-forwarded-proto': 'https' }), /^https:\/\/serve\.site\.example\/gallery\//)
  assert.match(await uri({ 'x-forwarded-proto': 'javascript' }), /^http:\/\/serve\.site\.example\//)
  assert.equal((await ask([], { host: 'evil"><script>' })).status, 400)
})

test('what the gallery does not have or do is refused', async (t) => {
  const { send, ask } = await site(t)
  for (const path of [
    '/gallery',
    '/gallery/',
    '/gallery/vscode/item?itemName=acme.hello',
    '/gallery/vscode/gallery/acme/nothing/latest',
    '/gallery/vscode/gallery/../../v2/latest',
    '/gallery/vscode/asset/acme/hello/9.9.9/Microsoft.VisualStudio.Code.Manifest',
    `${assets}/Microsoft.VisualStudio.Code.WebResources`,
    `${assets}/Microsoft.VisualStudio.Code.WebResources/extension/main.js`,
    `${assets}/__proto__`,
    `${assets}/..%2F..%2Fmanifest`,
    '/gallery/vscode/asset/acme/hello/%00/x',
    '/gallery/%',
    `/gallery/vscode/gallery/${'a'.repeat(5000)}/b/latest`,
  ])
    assert.equal((await send(path)).status, 404, path)
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await send(query, { method })
    assert.deepEqual([status, headers.allow], [405, 'POST'], method)
  }
  assert.equal((await send('/gallery/vscode/gallery/acme/hello/latest', { method: 'POST' })).status, 405)
  const unknown = await ask([{ filterType: 7, value: 'no.body' }])
  assert.deepEqual([unknown.status, JSON.parse(unknown.text).results[0].extensions], [200, []])
})

test('a query is JSON of at most 64 KiB, announced or not', async (t) => {
  const { send } = await site(t)
  const post = async (body: string, headers: Record<string, string> = {}) =>
    (await send(query, { method: 'POST', body, headers })).status
  assert.equal(await post('{"filters":'), 400)
  assert.equal(await post(`{"filters": [{}], "x": "${'x'.repeat(60_000)}"}`), 200)
  assert.equal(await post(' '.repeat(64 * 1024 + 1)), 413)
  assert.equal(await post(' '.repeat(64 * 1024 + 1), { 'transfer-encoding': 'chunked' }), 413)
})
