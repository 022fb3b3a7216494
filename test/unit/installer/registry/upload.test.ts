import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobOf, failureOf, fakeRegistry, noise, sourceOf, storeFor } from './fake-registry.ts'
import { smallBodies } from './profiles.ts'

const bytes = noise(300_000)
const blob = blobOf(bytes)
const chunks = { whole: 50_000, chunk: 100_000 }

const methods = (fake: { seen: { method: string }[] }) => fake.seen.map(({ method }) => method).join(' ')

test('a small blob goes in one request, a large one in chunks, and both count their bytes', async (t) => {
  const fake = await fakeRegistry(t)
  const store = storeFor(t, [fake], { chunks })
  const small = noise(1000)
  let sent = 0
  const onBytes = (n: number) => {
    sent += n
  }
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(small), sourceOf(small, 300), { onBytes }), 'sent')
  assert.equal(methods(fake), 'HEAD POST PUT')
  assert.equal(sent, 1000)
  fake.seen.length = 0
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes, 7777), { onBytes }), 'sent')
  assert.equal(methods(fake), 'HEAD POST PATCH PATCH PATCH PUT')
  assert.equal(sent, 301_000)
  assert.deepEqual(fake.blobs.get(blob.digest), bytes)
})

test('what is there already is not sent', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  const store = storeFor(t, [fake], { chunks })
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'present')
  assert.equal(methods(fake), 'HEAD')
})

test('content of another repository is mounted, and sent through the same upload where the registry will not', async (t) => {
  const fake = await fakeRegistry(t)
  const store = storeFor(t, [fake], { chunks })
  const mountFrom = [`${fake.host}/cde/b`]
  fake.script = (request, response) =>
    request.method === 'POST' ? response.writeHead(201, { 'docker-content-digest': blob.digest }).end() : false
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes), { mountFrom }), 'mounted')
  assert.match(fake.seen[1]?.url ?? '', /\/v2\/cde\/a\/blobs\/uploads\/\?mount=sha256:[0-9a-f]+&from=cde\/b$/)
  fake.script = () => false
  fake.seen.length = 0
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes), { mountFrom }), 'sent')
  assert.equal(methods(fake), 'HEAD POST PATCH PATCH PATCH PUT')
  fake.blobs.clear()
  fake.seen.length = 0
  fake.script = (request, response) =>
    request.url?.includes('mount=') ? response.writeHead(403, { 'content-length': 0 }).end() : false
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes), { mountFrom }), 'sent')
  assert.equal(methods(fake), 'HEAD POST POST PATCH PATCH PATCH PUT')
})

test('a chunk that drops goes on from what the registry kept', async (t) => {
  const fake = await fakeRegistry(t)
  let dropped = false
  fake.script = async (request, response, body) => {
    if (dropped || request.method !== 'PATCH' || !request.headers['content-range']?.startsWith('100000-')) return false
    dropped = true
    const sofar = fake.uploads.get('u1') as Buffer
    fake.uploads.set('u1', Buffer.concat([sofar, (await body()).subarray(0, 40_000)]))
    response.destroy()
    return true
  }
  const offsets: number[] = []
  const source = (offset: number) => {
    offsets.push(offset)
    return sourceOf(bytes)(offset)
  }
  const store = storeFor(t, [fake], { chunks })
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, source), 'sent')
  assert.deepEqual(offsets, [0, 140_000])
  assert.deepEqual(fake.blobs.get(blob.digest), bytes)
})

test('an upload that the registry lost starts again', async (t) => {
  const fake = await fakeRegistry(t)
  let lost = false
  fake.script = async (request, response, body) => {
    if (lost || request.method !== 'PATCH' || !request.headers['content-range']?.startsWith('100000-')) return false
    lost = true
    await body()
    fake.uploads.set('u1', Buffer.from('gone'))
    fake.script = (again, answer) =>
      again.url?.includes('/u1') ? answer.writeHead(404, { 'content-length': 0 }).end() : false
    response.destroy()
    return true
  }
  const store = storeFor(t, [fake], { chunks })
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'sent')
  assert.deepEqual(fake.blobs.get(blob.digest), bytes)
})

test('an answer that is lost after the registry has everything costs no second upload', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = async (request, response, body) => {
    if (request.method !== 'PUT') return false
    await body()
    fake.blobs.set(blob.digest, bytes)
    response.destroy()
    return true
  }
  assert.equal(await storeFor(t, [fake], { chunks }).write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'sent')
  assert.equal(fake.seen.filter(({ method }) => method === 'PATCH').length, 3)
})

test('chunks that are too large for a proxy are sent smaller', async (t) => {
  const fake = await fakeRegistry(t)
  const large = noise(9_000_000)
  fake.script = async (request, response, body) => {
    if (Number(request.headers['content-length'] ?? 0) <= 2_000_000) return false
    await body()
    response.writeHead(413, { 'content-length': 0 }).end()
    return true
  }
  const store = storeFor(t, [fake], { chunks: { whole: 1 << 30, chunk: 1 << 30 } })
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 100_000)), 'sent')
  assert.deepEqual(fake.blobs.get(blobOf(large).digest), large)
  fake.script = async (request, response, body) => {
    if (request.method !== 'PATCH' && request.method !== 'PUT') return false
    await body()
    response.writeHead(413, { 'content-length': 0 }).end()
    return true
  }
  fake.blobs.clear()
  const error = await failureOf(store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 100_000)))
  assert.equal(error.code, 'REGISTRY_REFUSED')
  assert.match(error.fix ?? '', /client_max_body_size/)
})

test('a registry names the least size of a chunk, and one without chunks gets the blob whole', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request, response) => {
    if (request.method !== 'POST') return false
    fake.uploads.set('m', Buffer.alloc(0))
    const location = '/v2/cde/a/blobs/uploads/m?state=a%2Bb'
    return response.writeHead(202, { location, 'oci-chunk-min-length': '200000', 'content-length': 0 }).end()
  }
  const store = storeFor(t, [fake], { chunks })
  await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes))
  assert.deepEqual(
    fake.seen.filter(({ method }) => method === 'PATCH').map(({ length }) => length),
    [200_000, 100_000],
  )
  fake.blobs.clear()
  fake.seen.length = 0
  fake.script = async (request, response, body) => {
    if (request.method !== 'PATCH') return false
    await body()
    return response.writeHead(405, { 'content-length': 0 }).end()
  }
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'sent')
  assert.equal(methods(fake), 'HEAD POST PATCH PUT')
})

test('a source that turns out damaged leaves nothing behind and keeps its own error', async (t) => {
  const fake = await fakeRegistry(t)
  const store = storeFor(t, [fake], { chunks })
  for (const size of [30_000, 300_000]) {
    const damaged = async (offset: number) => {
      async function* pieces() {
        yield* await sourceOf(noise(size))(offset)
        throw new Error('damaged at the end')
      }
      return pieces()
    }
    const error = await failureOf(store.write(`${fake.host}/cde/a`, blobOf(noise(size)), damaged))
    assert.equal(error.message, 'damaged at the end')
    assert.equal(fake.blobs.size, 0)
    assert.equal(fake.uploads.size, 0)
  }
})

test('a proxy that says 413 at once and hangs up gets smaller chunks, and the next blob is not tried larger', async (t) => {
  const fake = await fakeRegistry(t)
  smallBodies(fake, 2_000_000)
  const store = storeFor(t, [fake], { chunks: { whole: 1 << 30, chunk: 16 << 20 } })
  const large = noise(9_000_000)
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 100_000)), 'sent')
  assert.deepEqual(fake.blobs.get(blobOf(large).digest), large)
  fake.seen.length = 0
  const second = noise(8_000_001)
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(second), sourceOf(second, 100_000)), 'sent')
  assert.ok(fake.seen.every(({ headers }) => Number(headers['content-length'] ?? 0) <= 2_000_000))
  assert.ok((await store.learned(`${fake.host}/cde/a`)).largestTaken >= 1_000_000)
})

test('a proxy that cuts large bodies and says nothing gets smaller chunks, which do not grow back', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request) => {
    if (Number(request.headers['content-length'] ?? 0) <= 2_000_000) return false
    request.socket.destroy()
    return true
  }
  const store = storeFor(t, [fake], { chunks: { whole: 1 << 30, chunk: 16 << 20, most: 128 << 20 } })
  const large = noise(9_000_000)
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 100_000)), 'sent')
  assert.deepEqual(fake.blobs.get(blobOf(large).digest), large)
})

test('a line that cuts a few bytes says nothing about size: the next blob goes whole', async (t) => {
  const fake = await fakeRegistry(t)
  let cuts = 2
  fake.script = (request) => {
    if (request.method !== 'PUT' || cuts-- <= 0) return false
    request.socket.destroy()
    return true
  }
  const store = storeFor(t, [fake], { chunks: { whole: 1 << 30, chunk: 16 << 20 } })
  const small = noise(2000)
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(small), sourceOf(small, 500)), 'sent')
  fake.seen.length = 0
  assert.equal(await store.write(`${fake.host}/cde/a`, blob, sourceOf(bytes)), 'sent')
  assert.equal(methods(fake), 'HEAD POST PUT')
})

test('chunks grow while they take little time, up to a limit', async (t) => {
  const fake = await fakeRegistry(t)
  const large = noise(60 << 20)
  const store = storeFor(t, [fake], { chunks: { whole: 1 << 20, chunk: 4 << 20, most: 16 << 20 } })
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 1 << 20)), 'sent')
  assert.deepEqual(
    fake.seen.filter(({ method }) => method === 'PATCH').map(({ length }) => length >> 20),
    [4, 16, 16, 16, 8],
  )
})

test('an upload that is sent where nobody should go is refused by what is odd about it', async (t) => {
  const fake = await fakeRegistry(t)
  for (const [location, why] of [
    ['mailto:root@bytes.example', /of the kind mailto:/],
    ['http:///x', /without a host/],
    ['http://me:secret@bytes.example/x', /a login in it/],
    ['', /without saying where/],
  ] as const) {
    fake.script = (request, response) =>
      request.method === 'POST' && response.writeHead(202, { location, 'content-length': 0 }).end()
    const failure = await failureOf(storeFor(t, [fake]).write(`${fake.host}/cde/a`, blob, sourceOf(bytes)))
    assert.equal(failure.code, 'REGISTRY_PROTOCOL', location)
    assert.match(failure.why ?? '', why)
  }
})
