import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { mediaTypes } from '../../bundle-spec/src/descriptor.ts'
import { downloadStore } from '../../installer/src/stores/downloads.ts'
import { mirroredStore } from '../../installer/src/stores/registry/mirrors.ts'
import { waiting } from '../../installer/src/stores/registry/waiting.ts'
import {
  blobOf,
  collect,
  failureOf,
  fakeRegistry,
  noise,
  sourceOf,
  storeFor,
} from '../unit/installer/registry/fake-registry.ts'

const bytes = noise(200_000)
const blob = blobOf(bytes)

/** What an attempt gets, in milliseconds, instead of a minute. */
const short = { timeouts: { headers: 300, body: 300 } }

/** Writes a byte now and then until the other side hangs up. */
function dribble(to: Socket | ServerResponse, text = 'x') {
  let at = 0
  const timer = setInterval(() => to.write(text[at++ % text.length] as string), 10)
  to.once('close', () => clearInterval(timer)).on('error', () => {})
  return true
}

/** A server that does to each connection what the test says, once it has been asked for something. */
async function server(t: TestContext, talk: (socket: Socket) => unknown) {
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('data', () => talk(socket))
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  const host = `127.0.0.1:${(listening.address() as AddressInfo).port}`
  const registries = { [host]: { plainHttp: true } }
  return { host, store: storeFor(t, [], { registries, ...short, retry: { attempts: 1, base: 1 } }) }
}

function assertSlow(error: Awaited<ReturnType<typeof failureOf>>, host: string, operation: RegExp) {
  assert.equal(error.code, 'REGISTRY_TIMEOUT', error.message)
  assert.ok(error.message.includes(host), error.message)
  assert.match(error.why ?? '', operation)
  assert.match(error.fix ?? '', /--patience/)
}

test('a blob of a byte now and then ends with the host, what was asked and the pace', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => dribble(response.writeHead(200, { 'content-length': bytes.length }))
  const opened = await storeFor(t, [fake], short).open(`${fake.host}/cde/a`, blob)
  const error = await failureOf(collect(opened))
  assertSlow(error, fake.host, /could not read cde\/a@sha256:[0-9a-f]+: it sent \d+ B in 0\.3 s, \d+ B\/s/)
  assert.equal(fake.seen.length, 1, 'it is not asked again: it would take as long')
})

test('so do a document, a list of referrers and the answer of a token service', async (t) => {
  const fake = await fakeRegistry(t)
  const store = storeFor(t, [fake], short)
  fake.script = (request, response) =>
    request.method === 'HEAD'
      ? response.writeHead(404).end()
      : dribble(response.writeHead(200, { 'content-type': mediaTypes.index }), '{}')
  assertSlow(await failureOf(store.resolve(`${fake.host}/cde/a:1`)), fake.host, /could not read cde\/a:1: it sent/)
  assertSlow(
    await failureOf(store.referrers(`${fake.host}/cde/a`, blob.digest)),
    fake.host,
    /could not list what refers/,
  )
  fake.script = (request, response) =>
    request.url?.startsWith('/token')
      ? dribble(response.writeHead(200), '{"token"')
      : response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.origin}/token"` }).end()
  assertSlow(await failureOf(store.resolve(`${fake.host}/cde/a:1`)), fake.host, /could not get a token from /)
})

test('the words of a refusal that come too slowly are left out', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => dribble(response.writeHead(403), 'no')
  const error = await failureOf(storeFor(t, [fake], short).open(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_FORBIDDEN')
})

test('headers that dribble, and interim answers without an end, are silence', async (t) => {
  for (const text of [
    'HTTP/1.1 200 OK\r\nX-Long: '.padEnd(10_000, 'a'),
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  ]) {
    const { host, store } = await server(t, (socket) => dribble(socket, text))
    assertSlow(await failureOf(store.has(`${host}/cde/a`, blob)), host, /look for cde\/a@.*nothing came for/)
  }
})

test('an upload that the other side does not read ends', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (request) => {
    if (request.method !== 'PUT' && request.method !== 'PATCH') return false
    request.pause()
    return true
  }
  const large = noise(16 << 20)
  const store = storeFor(t, [fake], { ...short, retry: { attempts: 2, base: 1 } })
  const error = await failureOf(store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large, 1 << 20)))
  assertSlow(error, fake.host, /could not write cde\/a@/)
})

test('silence is as long as the patience says, however many attempts are left', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = () => true
  const store = storeFor(t, [fake], { patience: 500, retry: { attempts: 1000, base: 1 } })
  assertSlow(await failureOf(store.has(`${fake.host}/cde/a`, blob)), fake.host, /nothing came for/)
  assert.ok(fake.seen.length <= 8, `${fake.seen.length} requests`)
})

test('a registry that asks for a long wait is not waited for', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => response.writeHead(429, { 'retry-after': '99999999' }).end()
  const error = await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_REFUSED')
  assert.match(error.message, /^127\.0\.0\.1:\d+ asks to wait 27777 h/)
  assert.equal(fake.seen.length, 1)
})

test('a wait is told to whoever shows progress', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = () => true
  const said = new Set<string>()
  const hear = (message: unknown) => said.add((message as { host: string }).host)
  waiting.subscribe(hear)
  t.after(() => waiting.unsubscribe(hear))
  const store = storeFor(t, [fake], { ...short, retry: { attempts: 1, base: 1 } })
  await failureOf(store.has(`${fake.host}/cde/a`, blob))
  assert.deepEqual([...said], [fake.host])
})

test('a reader that takes its time gets all', async (t) => {
  const fake = await fakeRegistry(t)
  const large = noise(4 << 20)
  const { digest } = blobOf(large)
  fake.blobs.set(digest, large)
  const store = storeFor(t, [fake], { timeouts: { headers: 300, body: 60 } })
  const taken: Uint8Array[] = []
  for await (const chunk of await store.open(`${fake.host}/cde/a`, blobOf(large))) {
    taken.push(Buffer.from(chunk))
    // longer than the window, within which the next bytes would have to come
    if (taken.length < 4) await new Promise((resolve) => setTimeout(resolve, 150))
  }
  assert.deepEqual(Buffer.concat(taken), large)
  assert.equal(fake.seen.length, 1, 'it was not asked again')
})

test('answers that nobody wants hold no connections', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  fake.script = (request, response) =>
    request.url?.includes('/referrers/')
      ? dribble(response.writeHead(404, { 'content-length': 60_000 }))
      : request.method !== 'HEAD' || !request.url?.includes('/blobs/')
        ? response.writeHead(404).end()
        : false
  // as many as there are connections
  const store = storeFor(t, [fake])
  await Promise.all(Array.from({ length: 16 }, () => store.listed(`${fake.host}/cde/a`, blob.digest)))
  assert.equal(await store.has(`${fake.host}/cde/a`, blob), true)
})

test('a mirror that is too slow is passed over', async (t) => {
  const [slow, good] = [await fakeRegistry(t), await fakeRegistry(t)]
  slow.script = (_request, response) => dribble(response.writeHead(200, { 'content-length': bytes.length }))
  good.blobs.set(blob.digest, bytes)
  const store = mirroredStore(storeFor(t, [slow, good], short), { [good.host]: [slow.host] })
  const got = await collect(await store.open(`${good.host}/cde/a`, blob))
  assert.equal(got.length, bytes.length)
})

test('a file that dribbles from a web server ends, and so does one that asks for a long wait', async (t) => {
  const fake = await fakeRegistry(t)
  const sha256 = blob.digest.slice(7)
  const store = downloadStore({ proxy: {}, patience: 1500, retry: { attempts: 2, base: 1 } })
  t.after(() => store.close())
  const descriptor = store.add({ url: `${fake.origin}/f`, sha256, size: bytes.length, plainHttp: true }, 'a/b')
  fake.script = (_request, response) => dribble(response.writeHead(200))
  const slow = await failureOf(collect(await store.open('', descriptor)))
  assert.equal(slow.code, 'BUILD_DOWNLOAD')
  assert.match(slow.why ?? '', /it sent \d+ B in/)
  fake.script = (_request, response) => response.writeHead(503, { 'retry-after': '99999999' }).end()
  const asks = await failureOf(collect(await store.open('', descriptor)))
  assert.equal(asks.code, 'BUILD_DOWNLOAD')
  assert.match(asks.message, /asks to wait/)
})
