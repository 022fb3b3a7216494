import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '../../../fixtures/free-port.ts'
import { blobOf, collect, failureOf, fakeRegistry, noise, storeFor } from './fake-registry.ts'

const bytes = noise(300_000)
const blob = blobOf(bytes)

test('a download that drops goes on from the byte where it stopped', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  fake.script = (request, response) => {
    if (request.headers.range) return false
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 100_000), () => {
      setTimeout(() => response.destroy(), 20)
    })
    return true
  }
  const store = storeFor(t, [fake])
  assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blob)), bytes)
  assert.equal(fake.seen.length, 2)
  assert.equal(fake.seen[1]?.headers.range, `bytes=100000-${bytes.length - 1}`)
})

test('a registry that ignores Range when a download goes on costs bytes, not correctness', async (t) => {
  const fake = await fakeRegistry(t)
  let requests = 0
  fake.script = (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    if (++requests > 1) response.end(bytes)
    else response.write(bytes.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 20))
    return true
  }
  const store = storeFor(t, [fake])
  assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blob)), bytes)
  assert.equal(requests, 2)
})

test('a range is asked for as one, and cut out where the registry sends all', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  const store = storeFor(t, [fake])
  const range = { start: 1000, end: 5000 }
  assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blob, range)), bytes.subarray(1000, 5000))
  assert.equal(fake.seen[0]?.headers.range, 'bytes=1000-4999')
  fake.script = (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blob, range)), bytes.subarray(1000, 5000))
})

test('a blob that is not there is said when it is opened', async (t) => {
  const fake = await fakeRegistry(t)
  const error = await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_NOT_FOUND')
  assert.match(error.message, new RegExp(fake.host))
  assert.match(error.why ?? '', /cde\/a@sha256:/)
})

test('a download that is aborted ends with the reason given', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 1000))
    return true
  }
  const stop = new AbortController()
  const opened = await storeFor(t, [fake]).open(`${fake.host}/cde/a`, blob, undefined, stop.signal)
  setTimeout(() => stop.abort(new Error('enough')), 30)
  assert.equal((await failureOf(collect(opened))).message, 'enough')
  assert.equal(fake.seen.length, 1)
})

test('connections serve many questions, whether something is there and whether it is not', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  const connections = new Set()
  fake.script = ({ socket }) => {
    connections.add(socket)
    return false
  }
  const store = storeFor(t, [fake])
  for (let turn = 0; turn < 5; turn++) {
    assert.equal(await store.has(`${fake.host}/cde/a`, blob), true)
    assert.equal(await store.has(`${fake.host}/cde/a`, blobOf(noise(10))), false)
  }
  assert.equal(fake.seen.length, 10)
  // the pool opens a second one where the next question comes before it has put the first aside
  assert.ok(connections.size <= 2, `${connections.size} connections`)
})

test('where a redirect leads to a host that cannot be reached, the error names that one', async (t) => {
  const fake = await fakeRegistry(t)
  const elsewhere = `127.0.0.1:${await freePort()}`
  fake.script = (_request, response) =>
    response.writeHead(307, { location: `http://${elsewhere}/bytes`, 'content-length': 0 }).end()
  const error = await failureOf(storeFor(t, [fake]).open(`${fake.host}/cde/a`, blobOf(noise(10))))
  assert.equal(error.code, 'REGISTRY_UNREACHABLE')
  assert.equal(error.message, `registry ${elsewhere} cannot be reached`)
  assert.match(error.why ?? '', new RegExp(`, for which ${fake.host} redirects there: `))
})
