import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { createAuthority, issueCertificate } from '../../../../installer/src/certificates/issue.ts'
import { blockSize, giveBack, intoBlocks } from '../../../../installer/src/stores/chunk-memory.ts'
import { blobOf, collect, digestOf, fakeRegistry, storeFor } from './fake-registry.ts'

/** A socket as far as reading into memory knows it: what it has handed on. */
function socketOf() {
  const handed: (Uint8Array | null)[] = []
  const push = (chunk: Uint8Array | null) => {
    handed.push(chunk)
    return true
  }
  return { handed, push, destroyed: false, readableLength: 0, readableHighWaterMark: 1 }
}

const ask = () => (intoBlocks.buffer as () => Uint8Array)()

/** Reads bytes into memory as a socket does, at once; what the socket hands on when there is nothing more to read. */
async function receive(bytes: Uint8Array, socket = socketOf()): Promise<Uint8Array> {
  const buffer = ask()
  buffer.set(bytes)
  intoBlocks.callback.call(socket as never, bytes.length, buffer)
  const after = ask()
  await immediate()
  // the block that it would go on with
  assert.notEqual(after, undefined)
  return socket.handed.at(-1) as Uint8Array
}

/** Whether what is received next overwrites `chunk`. */
async function isOverwritten(chunk: Uint8Array): Promise<boolean> {
  const before = digestOf(chunk)
  for (let i = 0; i < 80; i++) await receive(randomBytes(blockSize))
  return digestOf(chunk) !== before
}

test('only a whole chunk that was lent, given back, is overwritten', async () => {
  const large = randomBytes(blockSize - 10)
  assert.equal(await isOverwritten(await receive(large)), false, 'kept')
  for (const part of [(chunk: Uint8Array) => chunk.subarray(1), (chunk: Uint8Array) => chunk.subarray(0, -1)]) {
    const chunk = await receive(large)
    giveBack(part(chunk))
    assert.equal(await isOverwritten(chunk), false, 'a part of it was given back')
  }
  const small = await receive(randomBytes(1000))
  assert.equal(small.buffer.byteLength < blockSize, true, 'few bytes keep a whole block')
  giveBack(small)
  assert.equal(await isOverwritten(small), false, 'few bytes were copied')
  const foreign = randomBytes(blockSize)
  giveBack(foreign)
  assert.equal(await isOverwritten(foreign), false, 'memory from elsewhere')
  const chunk = await receive(large)
  giveBack(chunk)
  assert.equal(await isOverwritten(chunk), true, 'given back')
})

test('memory that is given back twice is not lent to two', async () => {
  const chunk = await receive(randomBytes(blockSize))
  giveBack(chunk)
  giveBack(chunk)
  const buffers = Array.from({ length: 80 }, ask)
  assert.equal(new Set(buffers.map((buffer) => buffer.buffer)).size, buffers.length)
})

test('a block goes round when all of its chunks were given back, not before', async () => {
  const socket = socketOf()
  const pieces = [100_000, 200_000, blockSize - 300_000].map((length) => randomBytes(length))
  for (const bytes of pieces) {
    const buffer = ask()
    buffer.set(bytes)
    intoBlocks.callback.call(socket as never, bytes.length, buffer)
    await immediate()
  }
  const chunks = socket.handed as Uint8Array[]
  assert.deepEqual(chunks.map(digestOf), pieces.map(digestOf))
  assert.equal(new Set(chunks.map((chunk) => chunk.buffer)).size, 1)
  giveBack(chunks[0] as Uint8Array)
  giveBack(chunks[2] as Uint8Array)
  assert.equal(await isOverwritten(chunks[0] as Uint8Array), false, 'one is still used')
  giveBack(chunks[1] as Uint8Array)
  assert.equal(await isOverwritten(chunks[0] as Uint8Array), true)
})

test('reads that come without waiting are one chunk, and the end of a socket comes behind its last bytes', async () => {
  const socket = socketOf()
  const bytes = randomBytes(50_000)
  for (let at = 0; at < bytes.length; at += 10_000) {
    const buffer = ask()
    buffer.set(bytes.subarray(at, at + 10_000))
    intoBlocks.callback.call(socket as never, 10_000, buffer)
  }
  socket.push(null)
  await immediate()
  assert.deepEqual(socket.handed, [bytes, null])
})

const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }

async function tlsOf() {
  const authority = await createAuthority('test CA', ['127.0.0.1'], validity)
  const { certificate: cert, key } = await issueCertificate(authority, ['127.0.0.1'], validity)
  return { caPem: authority.certificate, tls: { cert, key } }
}

const size = 8 << 20

async function served(t: TestContext, options: Parameters<typeof fakeRegistry>[1] = {}) {
  const fake = await fakeRegistry(t, options)
  const blobs = Array.from({ length: 4 }, () => {
    const bytes = randomBytes(size)
    fake.blobs.set(digestOf(bytes), bytes)
    return { bytes, descriptor: blobOf(bytes) }
  })
  return { fake, blobs }
}

/** Reads slowly, so that the kernel has more; gives back and, wrongly, keeps what it has given back. */
async function readGivingBack(bytes: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  for await (const chunk of bytes) {
    await sleep(2)
    hash.update(chunk)
    kept.push(chunk)
    giveBack(chunk)
  }
  return { digest: `sha256:${hash.digest('hex')}`, kept }
}

test('downloads beside each other that give back get their own bytes, out of few buffers', async (t) => {
  const { fake, blobs } = await served(t)
  const store = storeFor(t, [fake])
  const keeper = collect(await store.open(`${fake.host}/cde/a`, blobs[0]?.descriptor as never))
  const read = await Promise.all(
    blobs.map(async ({ descriptor }) => readGivingBack(await store.open(`${fake.host}/cde/a`, descriptor))),
  )
  const chunks = read.flatMap(({ kept }) => kept)
  const buffers = new Set(chunks.map(({ buffer }) => buffer)).size
  assert.ok(buffers < chunks.length * 0.7, `${chunks.length} chunks in ${buffers} buffers`)
  for (const [i, { digest, kept }] of read.entries()) {
    assert.equal(digest, blobs[i]?.descriptor.digest)
    // the proof that an overwritten chunk would be noticed
    assert.notEqual(digestOf(Buffer.concat(kept)), digest)
  }
  assert.deepEqual(await keeper, blobs[0]?.bytes, 'whoever keeps chunks has them for itself')
})

test('a download that drops while memory goes round goes on with the right bytes', async (t) => {
  const { fake, blobs } = await served(t)
  const { bytes, descriptor } = blobs[0] as (typeof blobs)[number]
  fake.script = (request, response) => {
    if (request.headers.range) return false
    response.writeHead(200, { 'content-length': size })
    response.write(bytes.subarray(0, 3_000_001), () => setTimeout(() => response.destroy(), 20))
    return true
  }
  const { digest } = await readGivingBack(await storeFor(t, [fake]).open(`${fake.host}/cde/a`, descriptor))
  assert.equal(digest, descriptor.digest)
  assert.equal(fake.seen.length, 2)
})

test('over TLS memory goes round, too, and what comes is right', async (t) => {
  const { caPem, tls } = await tlsOf()
  const { fake, blobs } = await served(t, { tls })
  const store = storeFor(t, [fake], { registries: { [fake.host]: { caPem } } })
  for (const { descriptor } of blobs.slice(0, 2)) {
    const { digest, kept } = await readGivingBack(await store.open(`${fake.host}/cde/a`, descriptor))
    assert.equal(digest, descriptor.digest)
    assert.ok(kept.length < size / (16 << 10), `${kept.length} chunks`)
    assert.notEqual(digestOf(Buffer.concat(kept)), digest)
  }
})
