import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createPlainServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../installer/src/build/build.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { openFile } from '../../installer/src/stores/bundle/release.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { type Download, downloadStore } from '../../installer/src/stores/downloads.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { createAuthority, issueCertificate } from '../lab/certificates.ts'
import { push, putPlatform, releaseOf } from './build-sources-release.ts'

const content = randomBytes(300_000)
const sha256 = createHash('sha256').update(content).digest('hex')

/** A web server of the test's own over TLS, and a store that trusts it. */
async function web(t: TestContext, listener: RequestListener, options: { plain?: boolean } = {}) {
  const directory = await temporaryDirectory(t)
  const authority = await createAuthority(directory, 'ca', 'web authority')
  const request = { commonName: '127.0.0.1', ip: ['127.0.0.1'], usage: ['serverAuth'] as const }
  const own = await issueCertificate(authority, directory, 'server', request)
  const [cert, key] = await Promise.all([readFile(own.certificateFile), readFile(own.keyFile)])
  const server = options.plain ? createPlainServer(listener) : createServer({ cert, key }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const caPem = await readFile(authority.certificateFile, 'utf8')
  const store = downloadStore({ caPem, proxy: {}, retry: { attempts: 3, base: 1 } })
  t.after(() => store.close())
  const { port } = server.address() as AddressInfo
  return { origin: `${options.plain ? 'http' : 'https'}://127.0.0.1:${port}`, store }
}

async function fetched(store: ReturnType<typeof downloadStore>, download: Download): Promise<Buffer> {
  const descriptor = store.add(download, 'application/octet-stream')
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.open('', descriptor)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const refusal = (why: RegExp) => (error: Error & { why?: string }) => {
  assert.match(error.why ?? '', why)
  return code('BUILD_DOWNLOAD')(error)
}

test('a file with url, hash and size is downloaded into the bundle, and --file wins over the url', async (t) => {
  const { origin, store } = await web(t, (_, response) => response.end(content))
  const directory = await temporaryDirectory(t)
  const registry = memoryStore()
  await push(registry, registry, putPlatform(registry, 'linux/amd64', ['x']), 'vendor.example/cde/x:1')
  const files = [
    `{name: tool, url: "${origin}/tool?token=1", sha256: "${sha256}", size: ${content.length}, executable: true}`,
  ]
  const image = '{name: x, reference: "vendor.example/cde/x:1", role: component}'
  const { options, trust } = await releaseOf(directory, registry, [image], { files })
  const { path } = await buildBundle({ ...options, downloads: store })
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  await verifyBundle(bundle)
  const chunks: Uint8Array[] = []
  for await (const chunk of await (await openFile(bundle, 'tool')).bytes()) chunks.push(chunk)
  assert.ok(Buffer.concat(chunks).equals(content))
  await writeFile(join(directory, 'own'), 'own build')
  const own = await buildBundle({
    ...options,
    files: { tool: join(directory, 'own') },
    out: join(directory, 'own.bundle'),
  })
  assert.ok(own.size < content.length)
})

test('a url without hash or size, with a path beside it, or a hash without a url is refused with its line', async (t) => {
  const directory = await temporaryDirectory(t)
  for (const file of [
    `{name: tool, url: "https://x.example/t"}`,
    `{name: tool, url: "https://x.example/t", size: 1}`,
    `{name: tool, url: "https://x.example/t", path: x, sha256: "${sha256}", size: 1}`,
    `{name: tool, path: x, size: 1}`,
  ]) {
    const image = '{name: x, reference: "vendor.example/cde/x:1", role: component}'
    const { options } = await releaseOf(directory, memoryStore(), [image], { files: [file] })
    await assert.rejects(buildBundle(options), (error: Error) => {
      assert.match(error.message, /release\.yaml:12: file tool/)
      return code('BUILD_SOURCE')(error)
    })
  }
})

test('what drops goes on from where it stopped, also where the server does not know ranges', async (t) => {
  for (const ranges of [true, false]) {
    const asked: (string | undefined)[] = []
    const { origin, store } = await web(t, (request, response) => {
      asked.push(request.headers.range)
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      if (asked.length === 1) {
        response.writeHead(200, { 'content-length': content.length })
        return response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
      }
      if (!ranges || start === 0) return response.end(content)
      const range = `bytes ${start}-${content.length - 1}/${content.length}`
      return response.writeHead(206, { 'content-range': range }).end(content.subarray(start))
    })
    assert.ok((await fetched(store, { url: `${origin}/f`, sha256, size: content.length })).equals(content))
    assert.equal(asked.length, 2)
    assert.match(asked[1] ?? '', /^bytes=[1-9]\d*-299999$/)
  }
})

test('another content, more bytes, fewer bytes and an endless body are refused and say what release.yaml says', async (t) => {
  const { origin, store } = await web(t, (request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/other') return response.end(Buffer.alloc(content.length))
    if (path === '/short') return response.end(content.subarray(1))
    if (path === '/gone') return response.writeHead(404).end('secret page')
    const more = () => void (response.write(content) ? setImmediate(more) : response.once('drain', more))
    response.on('error', () => {})
    return more()
  })
  const of = (path: string) => fetched(store, { url: `${origin}${path}?key=S3CRET`, sha256, size: content.length })
  await assert.rejects(of('/other'), refusal(/its SHA-256 is [0-9a-f]{64}, release\.yaml says/))
  await assert.rejects(of('/short'), refusal(/ends after 299999 of 300000 bytes/))
  await assert.rejects(of('/endless'), refusal(/longer than the 300000 bytes/))
  await assert.rejects(of('/gone'), (error: Error & { why?: string; fix?: string }) => {
    assert.doesNotMatch(`${error.message}${error.why}${error.fix}`, /S3CRET|secret page/)
    return refusal(/answers 404/)(error)
  })
})

test('redirects are followed, but not to a place without TLS, and not for ever', async (t) => {
  const plain = await web(t, (_, response) => response.end(content), { plain: true })
  const target = await web(t, (_, response) => response.end(content))
  const { origin, store } = await web(t, (request, response) => {
    const to: Record<string, string> = { '/down': `${plain.origin}/f`, '/loop': '/loop', '/file': 'file:///etc/passwd' }
    response.writeHead(302, { location: to[request.url ?? ''] ?? '/other' }).end()
  })
  const of = (url: string, more: Partial<Download> = {}) =>
    fetched(store, { url, sha256, size: content.length, ...more })
  await assert.rejects(of(`${origin}/down`), refusal(/without TLS/))
  await assert.rejects(of(`${origin}/loop`), refusal(/redirects more than 5 times/))
  await assert.rejects(of(`${origin}/file`), refusal(/without TLS/))
  await assert.rejects(of(`${plain.origin}/f`), refusal(/plainHttp: true/))
  assert.ok((await of(`${plain.origin}/f`, { plainHttp: true })).equals(content))
  await assert.rejects(of('https://user:pass@127.0.0.1/f'), refusal(/user or a password/))
  await assert.rejects(of('file:///etc/passwd'), refusal(/not an address of the web/))
  assert.ok((await fetched(target.store, { url: `${target.origin}/f`, sha256, size: content.length })).equals(content))
})
