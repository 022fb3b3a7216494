import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { mediaTypes } from '../../bundle-spec/src/descriptor.ts'
import { verified } from '../../bundle-spec/src/verify.ts'
import { createAuthority, issueCertificate } from '../../installer/src/certificates/issue.ts'
import {
  blobOf,
  collect,
  digestOf,
  failureOf,
  fakeRegistry,
  noise,
  sourceOf,
  storeFor,
} from '../unit/installer/registry/fake-registry.ts'

const bytes = noise(200_000)
const blob = blobOf(bytes)
const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }

async function authority() {
  const ca = await createAuthority('test CA', ['127.0.0.1'], validity)
  const { certificate: cert, key } = await issueCertificate(ca, ['127.0.0.1'], validity)
  return { caPem: ca.certificate, tls: { cert, key } }
}

test('a registry that lies about the range it sends is refused', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) =>
    response
      .writeHead(206, { 'content-range': `bytes 0-999/${bytes.length}`, 'content-length': 1000 })
      .end(bytes.subarray(0, 1000))
  const store = storeFor(t, [fake])
  const error = await failureOf(store.open(`${fake.host}/cde/a`, blob, { start: 1000, end: 2000 }))
  assert.equal(error.code, 'REGISTRY_PROTOCOL')
})

test('a registry that announces another length is refused before its bytes are read', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => response.writeHead(200, { 'content-length': 5 }).end('wrong')
  const error = await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_PROTOCOL')
})

test('an endless body is cut as soon as it is longer than announced', async (t) => {
  const fake = await fakeRegistry(t)
  let written = 0
  fake.script = (_request, response) => {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(noise(65_536))) written += 65_536
      if (!response.destroyed) response.once('drain', more)
    }
    more()
    return true
  }
  const opened = await storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob)
  assert.equal((await failureOf(collect(opened))).code, 'REGISTRY_PROTOCOL')
  assert.ok(written < 50_000_000, `${written} bytes were taken`)
})

test('a document without an end is cut at the limit', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request, response) => {
    if (request.method === 'HEAD') return response.writeHead(200).end()
    response.writeHead(200, { 'content-type': mediaTypes.manifest })
    const more = () => {
      while (!response.destroyed && response.write(noise(65_536)));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
    return true
  }
  assert.equal((await failureOf(storeFor(t, [fake]).resolve(`${fake.host}/cde/a:1`))).code, 'REGISTRY_PROTOCOL')
})

test('wrong bytes of the right length are noticed by whoever reads them verified', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, Buffer.alloc(bytes.length))
  const store = storeFor(t, [fake])
  const opened = verified(blob, await store.open(`${fake.host}/cde/a`, blob), store.origin)
  const error = await failureOf(collect(opened))
  assert.equal(error.code, 'REGISTRY_CONTENT')
  assert.ok(error.message.includes(fake.host), error.message)
})

test('a registry that drops every connection is given up after a few attempts', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 10), () => response.destroy())
    return true
  }
  const opened = await storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob)
  assert.equal((await failureOf(collect(opened))).code, 'REGISTRY_UNREACHABLE')
  assert.ok(fake.seen.length <= 8, `${fake.seen.length} requests`)
})

test('a registry that fails for a while is asked again, one that fails for ever is not', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  let failures = 2
  fake.script = (_request, response) =>
    failures-- > 0 ? response.writeHead(503, { 'content-length': 0 }).end() : false
  const store = storeFor(t, [fake])
  assert.equal(await store.has(`${fake.host}/cde/a`, blob), true)
  failures = Number.POSITIVE_INFINITY
  fake.seen.length = 0
  assert.equal((await failureOf(store.has(`${fake.host}/cde/a`, blob))).code, 'REGISTRY_REFUSED')
  assert.equal(fake.seen.length, 4)
})

test('the pause that a registry asks for is kept', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  let refused = false
  fake.script = (_request, response) => {
    if (refused) return false
    refused = true
    return response.writeHead(429, { 'retry-after': '1', 'content-length': 0 }).end()
  }
  const start = performance.now()
  assert.equal(await storeFor(t, [fake]).has(`${fake.host}/cde/a`, blob), true)
  assert.ok(performance.now() - start >= 990)
})

test('a registry that answers 401 to every login is asked twice, not for ever', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request, response) =>
    request.url?.startsWith('/token')
      ? response.end(JSON.stringify({ token: 'abc' }))
      : response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="${fake.origin}/token",service="s"`,
            'content-length': 0,
          })
          .end()
  const error = await failureOf(storeFor(t, [fake]).resolve(`${fake.host}/cde/a:1`))
  assert.equal(error.code, 'REGISTRY_UNAUTHORIZED')
  assert.match(error.fix ?? '', /--registry-username/)
  assert.equal(fake.seen.length, 3)
})

test('credentials go to the registry and its token service only, never along a redirect', async (t) => {
  const { caPem, tls } = await authority()
  const fake = await fakeRegistry(t, { tls })
  const other = await fakeRegistry(t, { tls })
  other.blobs.set(blob.digest, bytes)
  other.script = (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  fake.script = (request, response) =>
    request.headers.authorization
      ? response.writeHead(307, { location: `${other.origin}/store/blob?sig=1`, 'content-length': 0 }).end()
      : response.writeHead(401, { 'www-authenticate': 'Basic realm="r"', 'content-length': 0 }).end()
  const credentials = { username: 'user', password: 'secret' }
  const store = storeFor(t, [fake], { registries: { [fake.host]: { caPem, credentials } } })
  assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blob)), bytes)
  assert.equal(other.seen.length, 1)
  assert.equal(other.seen[0]?.headers.authorization, undefined)
  assert.equal(JSON.stringify(other.seen).includes(Buffer.from('user:secret').toString('base64')), false)
})

test('an upload that is sent to another host carries no credentials there', async (t) => {
  const { caPem, tls } = await authority()
  const fake = await fakeRegistry(t, { tls })
  const other = await fakeRegistry(t, { tls })
  other.script = async (_request, response, body) => {
    await body()
    response.writeHead(201, { 'docker-content-digest': blob.digest, 'content-length': 0 }).end()
  }
  fake.script = (request, response) => {
    if (!request.headers.authorization)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="r"', 'content-length': 0 }).end()
    if (request.method !== 'POST') return false
    return response.writeHead(202, { location: `${other.origin}/up/1`, 'content-length': 0 }).end()
  }
  const credentials = { username: 'user', password: 'secret' }
  const store = storeFor(t, [fake], { registries: { [fake.host]: { caPem, credentials } } })
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'sent')
  assert.deepEqual(
    other.seen.map(({ method, headers }) => [method, headers.authorization]),
    [['PUT', undefined]],
  )
})

test('redirects and token services without TLS are refused where the registry has TLS', async (t) => {
  const { caPem, tls } = await authority()
  const fake = await fakeRegistry(t, { tls })
  const plain = await fakeRegistry(t)
  const store = storeFor(t, [fake], {
    registries: { [fake.host]: { caPem, credentials: { username: 'u', password: 'p' } } },
  })
  fake.script = (_request, response) =>
    response.writeHead(302, { location: `${plain.origin}/x`, 'content-length': 0 }).end()
  const redirected = await failureOf(store.open(`${fake.host}/cde/a`, blob))
  assert.equal(redirected.code, 'REGISTRY_PROTOCOL')
  fake.script = (_request, response) =>
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${plain.origin}/t"`, 'content-length': 0 }).end()
  const realm = await failureOf(store.open(`${fake.host}/cde/a`, blob))
  assert.equal(realm.code, 'REGISTRY_PROTOCOL')
  assert.equal(plain.seen.length, 0)
})

test('redirects in a circle end', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request, response) =>
    response.writeHead(307, { location: request.url ?? '/', 'content-length': 0 }).end()
  assert.equal((await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob))).code, 'REGISTRY_PROTOCOL')
  assert.equal(fake.seen.length, 6)
})

test('a registry that says it keeps another digest than was sent is refused', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = async (request, response, body) => {
    if (request.method !== 'PUT') return false
    await body()
    response.writeHead(201, { 'docker-content-digest': digestOf(Buffer.from('other')), 'content-length': 0 }).end()
    return true
  }
  assert.equal(
    (await failureOf(storeFor(t, [fake]).write(`${fake.host}/cde/a`, blob, sourceOf(bytes)))).code,
    'REGISTRY_PROTOCOL',
  )
})

test('an upload that a registry never lets grow ends', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = async (request, response, body) => {
    if (request.method !== 'PATCH') return false
    await body()
    response.writeHead(202, { location: request.url ?? '', range: '0-9', 'content-length': 0 }).end()
    return true
  }
  const store = storeFor(t, [fake], { chunks: { whole: 1000, chunk: 50_000 } })
  assert.equal((await failureOf(store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)))).code, 'REGISTRY_PROTOCOL')
})

test('a manifest is hashed where the registry does not say, or says something else than was asked for', async (t) => {
  const fake = await fakeRegistry(t)
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, layers: [] }))
  const send = (stated: string | undefined) => {
    fake.script = (_request, response) =>
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'content-length': manifest.length,
          ...(stated ? { 'docker-content-digest': stated } : {}),
        })
        .end(manifest)
  }
  const store = storeFor(t, [fake])
  const right = { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length }
  send(undefined)
  assert.deepEqual(await store.resolve(`${fake.host}/cde/a:1`), right)
  send('sha512:abc')
  assert.deepEqual(await store.resolve(`${fake.host}/cde/a:1`), right)
  send(blob.digest)
  assert.deepEqual(await store.resolve(`${fake.host}/cde/a@${right.digest}`), right)
  const error = await failureOf(store.resolve(`${fake.host}/cde/a@${blob.digest}`))
  assert.equal(error.code, 'REGISTRY_CONTENT')
})

test('what a server says reaches the terminal without control characters, in at most 200', async (t) => {
  const fake = await fakeRegistry(t)
  const said = JSON.stringify({ errors: [{ code: 'DENIED', message: `\u001b[31mred\u202e\r\n${'x'.repeat(5000)}` }] })
  fake.script = (_request, response) => response.writeHead(403).end(said)
  const error = await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_FORBIDDEN')
  assert.doesNotMatch(error.why ?? '', /[\u0000-\u001f\u202e]/)
  assert.match(error.why ?? '', /DENIED: /)
  assert.ok((error.why ?? '').length < 400)
})

test('a registry that is silent ends with a timeout', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = () => true
  const store = storeFor(t, [fake], { timeouts: { headers: 300 }, retry: { attempts: 2, base: 1 } })
  assert.equal((await failureOf(store.has(`${fake.host}/cde/a`, blob))).code, 'REGISTRY_TIMEOUT')
})

test('a certificate of an unknown CA, plain HTTP and a closed port are three different errors', async (t) => {
  const { tls } = await authority()
  const secure = await fakeRegistry(t, { tls })
  const plain = await fakeRegistry(t)
  const store = storeFor(t, [], { registries: {}, retry: { attempts: 3, base: 1000 } })
  const untrusted = await failureOf(store.resolve(`${secure.host}/cde/a:1`))
  assert.equal(untrusted.code, 'REGISTRY_TLS')
  assert.match(untrusted.fix ?? '', /--registry-ca FILE/)
  const noTls = await failureOf(store.resolve(`${plain.host}/cde/a:1`))
  assert.equal(noTls.code, 'REGISTRY_TLS')
  assert.match(noTls.message, /does not speak TLS/)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const start = performance.now()
  assert.equal((await failureOf(store.resolve(`127.0.0.1:${port}/cde/a:1`))).code, 'REGISTRY_UNREACHABLE')
  assert.ok(performance.now() - start < 1000, 'the first refused connection is final')
})

test('an answer that is not HTTP is a protocol error', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n')).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  t.after(() => server.close())
  const host = `127.0.0.1:${(server.address() as { port: number }).port}`
  const store = storeFor(t, [], { registries: { [host]: { plainHttp: true } } })
  assert.equal((await failureOf(store.resolve(`${host}/cde/a:1`))).code, 'REGISTRY_PROTOCOL')
})

test('a body behind the answer to HEAD, at once or late, is not taken for the next answer', async (t) => {
  for (const delay of [0, 1, 2, 5, 30]) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => {
        const body = '{"errors": [{"code": "BLOB_UNKNOWN"}]}'
        socket.write(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${delay === 0 ? body : ''}`)
        if (delay > 0) setTimeout(() => socket.destroyed || socket.write(body), delay)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const store = storeFor(t, [], { registries: { [host]: { plainHttp: true } } })
    for (let turn = 0; turn < 10; turn++) assert.equal(await store.has(`${host}/cde/a`, blob), false)
  }
})

test('names that could mean something else in a URL are refused', async (t) => {
  const store = storeFor(t, [])
  for (const name of [
    'registry.example/../x:1',
    'registry.example/cde/%2e%2e:1',
    'registry.example/cde/a?x=1:1',
    'registry.example/cde/a:1#x',
    'registry.example/cde/a@sha256:00',
    `registry.example/cde/a@sha512:${'0'.repeat(128)}`,
    'user:pw@registry.example/cde/a:1',
    'registry.example/cde/a\n:1',
    'registry.example:99999999/cde/a:1',
    `registry.example/cde/${'a'.repeat(2000)}`,
    '',
  ])
    assert.equal((await failureOf(store.resolve(name))).code, 'USAGE_REFERENCE', name)
})
