import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { verified } from '@sealift/bundle-spec/verify.ts'
import type { RegistryStore } from '../../installer/src/stores/registry/store.ts'
import { blobOf, collect, digestOf, noise, sourceOf, storeFor } from '../unit/installer/registry/fake-registry.ts'
import { seeded } from './random.ts'

const bytes = noise(2000)
const blob = blobOf(bytes)
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { ...blob, mediaType: mediaTypes.config },
    layers: [blob],
  }),
)
const document = { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length }

const statuses = [
  200, 200, 200, 201, 202, 204, 206, 226, 300, 301, 302, 304, 307, 308, 400, 401, 401, 403, 404, 405,
].concat([407, 410, 413, 416, 418, 425, 429, 451, 499, 500, 501, 502, 503, 504, 511, 599, 600, 999])

const bodies = [
  '',
  '{}',
  '[]',
  'null',
  '{"manifests":[]}',
  '{"manifests":[null,5,{"digest":"x"}]}',
  '{"token":"abc"}',
  '{"token":{}}',
  '{"token":"a\\u0000b"}',
  '{"errors":5}',
  '{"errors":[null]}',
  '{"errors":[{"code":{},"message":["x"]}]}',
  '{"errors":"x"}',
  '<html>Sign in</html>',
  '{"__proto__":1}',
  '\ufeff{}',
  '['.repeat(5000),
  '\0'.repeat(300),
  manifest.toString(),
  bytes.toString(),
  'x'.repeat(70_000),
]

const headers: readonly (readonly [string, readonly string[]])[] = [
  ['content-type', ['text/html', mediaTypes.manifest, mediaTypes.index, 'application/json', ';', '']],
  ['docker-content-digest', [document.digest, blob.digest, 'sha256:0', 'sha512:a', '', 'x']],
  [
    'location',
    [
      '/',
      '',
      '?',
      '//',
      'http:///x',
      'https:',
      'mailto:x',
      '/v2/cde/a/blobs/x',
      'http://127.0.0.1:1/',
      'http://[',
      '\\',
      'ä',
    ],
  ],
  [
    'www-authenticate',
    [
      'Bearer',
      'Bearer realm=',
      'Bearer realm="',
      'Bearer realm="REALM"',
      'Bearer realm="REALM",service="a\\"b",scope="x',
      'Bearer realm="http://"',
      'Bearer realm="file:///etc/passwd"',
      'Bearer realm="/token"',
      'Basic realm="x", Bearer realm=REALM/token',
      'Basic',
      'Negotiate',
      ',,,=,',
      '"',
      `${'Bearer '.repeat(500)}`,
    ],
  ],
  ['link', ['<?>; rel="next"', '<>; rel=next', '</v2/x>; rel="next"', '<http://other.example/>; rel=next', 'x']],
  ['content-range', ['bytes 0-1999/2000', 'bytes 0-0/1', 'bytes */*', 'x', '']],
  ['range', ['0-0', '0-1999', '0-99999999999999999', 'bytes=0-5', '5-1', 'x']],
  ['retry-after', ['0', '99999999', '-1', 'soon', 'Mon, 30 Nov 2099 12:00:00 GMT']],
  ['oci-chunk-min-length', ['1', '99999999999', '-1', 'x', '1e9']],
  ['oci-subject', ['x']],
  ['oci-filters-applied', ['x']],
  ['connection', ['close', 'keep-alive']],
  ['keep-alive', ['timeout=0', 'timeout=99999999', 'x']],
  ['transfer-encoding', ['chunked', 'gzip', 'x']],
  ['content-encoding', ['gzip', 'br', 'x']],
  ['x-\0', ['a']],
  ['set-cookie', ['a=b']],
]

/** What may be asked of a registry; each ends with a result that is right, or a failure. */
const acts: Record<string, (store: RegistryStore, host: string) => Promise<unknown>> = {
  resolve: (store, host) => store.resolve(`${host}/cde/a:1`),
  'resolve a digest': async (store, host) => {
    const found = await store.resolve(`${host}/cde/a@${document.digest}`)
    assert.equal(found.digest, document.digest)
  },
  has: (store, host) => store.has(`${host}/cde/a`, blob),
  'has a document': (store, host) => store.has(`${host}/cde/a`, document),
  open: async (store, host) =>
    assert.deepEqual(await collect(verified(blob, await store.open(`${host}/cde/a`, blob), 'it')), bytes),
  'open a range': async (store, host) => {
    const range = { start: 100, end: 200 }
    assert.equal((await collect(await store.open(`${host}/cde/a`, blob, range))).length, 100)
  },
  'open a document': async (store, host) =>
    assert.deepEqual(await collect(await store.open(`${host}/cde/a`, document)), manifest),
  referrers: (store, host) => store.referrers(`${host}/cde/a`, document.digest),
  write: (store, host) => store.write(`${host}/cde/a`, blob, sourceOf(bytes)),
  'write a document': (store, host) => store.write(`${host}/cde/a`, document, sourceOf(manifest)),
  tag: (store, host) => store.tag(`${host}/cde/a:1`, document),
  probe: (store, host) => store.probe(`${host}/cde/a`),
}

test('whatever a registry answers, what is asked ends with a right result or a failure that is its own', async (t) => {
  const random = seeded(Number(process.env.PROPERTY_SEED ?? '1'))
  let origin = ''
  const answer = (): string => {
    const body = random.of(bodies)
    const lines = [`HTTP/1.1 ${random.of(statuses)} ${random.of(['OK', '', 'x'.repeat(100)])}`]
    const count = random.below(5)
    for (let i = 0; i < count; i++) {
      const [name, values] = random.of(headers)
      lines.push(`${name}: ${random.of(values).replace('REALM', origin)}`)
    }
    if (random.below(10) > 0)
      lines.push(`content-length: ${random.below(10) > 0 ? Buffer.byteLength(body) : random.below(3000)}`)
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }
  const sockets = new Set<Socket>()
  const server = createServer((socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket
      .on('error', () => {})
      .on('data', () => {
        if (random.below(50) === 0) return socket.destroy()
        const text = random.below(50) === 0 ? random.of(bodies) : answer()
        socket.write(text)
        // what has no length ends with its connection
        if (!/content-length/.test(text) || random.below(20) === 0) socket.end()
        return
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  origin = `http://${host}`
  const outcomes = new Map<string, number>()
  const names = Object.keys(acts)
  const turn = async (i: number) => {
    const store = storeFor(t, [], {
      registries: { [host]: { plainHttp: true, ...(i % 3 ? {} : { credentials: { username: 'u', password: 'p' } }) } },
      timeouts: { headers: 100, body: 100, patience: 300 },
      retry: { attempts: 2, base: 1 },
    })
    const act = names[i % names.length] as string
    let outcome = 'right'
    try {
      await acts[act]?.(store, host)
    } catch (error) {
      assert.ok(error instanceof SealiftError, `${act}, turn ${i}: ${(error as Error).stack}`)
      assert.match(error.code, /^(REGISTRY|USAGE)_/, `${act}, turn ${i}: ${error.stack}`)
      assert.ok(`${error.message} ${error.why}`.includes('127.0.0.1'), `${act}: ${error.message}: ${error.why}`)
      outcome = error.code
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    await store.close()
  }
  for (let i = 0; i < 1200; i += 12) await Promise.all(Array.from({ length: 12 }, (_, k) => turn(i + k)))
  assert.ok(outcomes.size > 6, JSON.stringify([...outcomes]))
})
