import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFile, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { type Graph, readGraph } from '@sealift/bundle-spec/graph.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { blobName, layOut } from '@sealift/bundle-spec/tar.ts'
import { reuseBlobs } from '../../../installer/src/stores/bundle/reuse.ts'
import { writeBundle } from '../../../installer/src/stores/bundle/write.ts'
import { firstOf } from '../../../installer/src/stores/first.ts'
import { type MemoryStore, memoryStore } from '../../../installer/src/stores/memory.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage } from '../../fixtures/release.ts'

const mebibyte = 1 << 20
const index = Buffer.from('{"index":1}')
const signature = Buffer.from('{"signature":1}')
const name = 'r.example/a:1'

interface Site {
  store: MemoryStore
  graph: Graph
  path: string
  /** the largest blob */
  large: Descriptor
  /** bytes that the store handed out, by digest */
  read: Map<string, number>
  from: ContentStore
}

/** A store with one image, and where its bundle goes. Its chunks are small, as those of a network. */
async function site(t: TestContext, sizes: readonly number[]): Promise<Site> {
  const store = memoryStore()
  const layers = sizes.map((size) => randomBytes(size / 2).toString('hex'))
  const descriptor = await putImage(store, name, layers)
  const graph = await readGraph(store, [{ descriptor, source: name, target: name }])
  const large = graph.nodes.map((node) => node.descriptor).toSorted((a, b) => b.size - a.size)[0] as Descriptor
  const read = new Map<string, number>()
  const from: ContentStore = {
    ...store,
    open: async (repository, blob, range) =>
      (async function* () {
        for await (const bytes of await store.open(repository, blob, range))
          for (let at = 0; at < bytes.length; at += 65536) {
            const chunk = bytes.subarray(at, at + 65536)
            read.set(blob.digest, (read.get(blob.digest) ?? 0) + chunk.length)
            yield chunk
          }
      })(),
  }
  return { store, graph, path: join(await temporaryDirectory(t), 'b.bundle'), large, read, from }
}

/** The source, but the connection breaks after `limit` bytes of one blob. */
const cutAfter = (from: ContentStore, { digest }: Descriptor, limit: number): ContentStore => ({
  ...from,
  open: async (repository, blob, range, signal) => {
    const bytes = await from.open(repository, blob, range, signal)
    if (blob.digest !== digest) return bytes
    return (async function* () {
      let given = 0
      for await (const chunk of bytes) {
        yield chunk
        given += chunk.length
        if (given >= limit) throw new Error('cut')
      }
    })()
  },
})

async function write(from: ContentStore, graph: Graph, path: string) {
  const writer = await writeBundle(path, graph, index, signature)
  try {
    const { sent } = await copyGraph(from, writer, graph, { concurrency: 2 })
    await writer.finish()
    return { sent, resumed: writer.resumed }
  } catch (error) {
    await writer.close()
    throw error
  }
}

/** The bundle as it must be: written in one go, from memory. */
async function expected({ store, graph, path }: Site): Promise<Buffer> {
  await write(store, graph, `${path}.whole`)
  const bytes = await readFile(`${path}.whole`)
  await rm(`${path}.whole`)
  return bytes
}

const offsetOf = (graph: Graph, { digest }: Descriptor) =>
  layOut(
    index.length,
    signature.length,
    graph.nodes.map((node) => node.descriptor),
  ).entries.find((entry) => entry.name === blobName(digest))?.offset as number

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0] = (byte[0] as number) ^ 1
  await file.write(byte, 0, 1, at)
  await file.close()
}

test('a write that was cut goes on inside the blob and ends with the same bytes', async (t) => {
  const s = await site(t, [3 * mebibyte, mebibyte])
  await assert.rejects(write(cutAfter(s.from, s.large, mebibyte), s.graph, s.path), /cut/)
  s.read.clear()
  const { resumed, sent } = await write(s.from, s.graph, s.path)
  assert.ok(resumed >= mebibyte)
  assert.equal(sent, s.graph.size - resumed)
  assert.equal(s.read.get(s.large.digest), s.large.size - mebibyte)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
  assert.deepEqual(await readdir(join(s.path, '..')), ['b.bundle'])
})

test('large blobs are proven by threads, from the file, also when they go on', async (t) => {
  const s = await site(t, [48 * mebibyte, 20 * mebibyte])
  await assert.rejects(write(cutAfter(s.from, s.large, 30 * mebibyte), s.graph, s.path), /cut/)
  await write(s.from, s.graph, s.path)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
  const lying = {
    ...s.store,
    open: async (...rest: Parameters<typeof s.store.open>) =>
      (async function* () {
        for await (const chunk of await s.store.open(...rest)) yield Buffer.from(chunk).fill(0, 40 * mebibyte)
      })(),
  }
  await assert.rejects(write(lying, s.graph, `${s.path}.2`), code('BUNDLE_CONTENT'))
})

test('a line of the journal that a crash tore counts for nothing, nor does what stands behind it', async (t) => {
  const s = await site(t, [2 * mebibyte, mebibyte])
  await assert.rejects(write(cutAfter(s.from, s.large, mebibyte), s.graph, s.path), /cut/)
  const journal = `${s.path}.partial.journal`
  const { resumed } = await resumedOf(s)
  await appendFile(journal, `${s.large.digest} ok`)
  assert.equal((await resumedOf(s)).resumed, resumed)
  await appendFile(journal, `${s.large.digest.slice(0, 30)}\0\0\n${s.large.digest} ok\n`)
  assert.equal((await resumedOf(s)).resumed, resumed)
  assert.doesNotMatch(await readFile(journal, 'utf8'), /\0/)
  await write(s.from, s.graph, s.path)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
})

async function resumedOf({ graph, path }: Site) {
  const writer = await writeBundle(path, graph, index, signature)
  await writer.close()
  return writer
}

test('another layout, a missing or a cut partial file begin anew', async (t) => {
  const s = await site(t, [2 * mebibyte])
  const cut = () => assert.rejects(write(cutAfter(s.from, s.large, mebibyte), s.graph, s.path), /cut/)
  await cut()
  const other = await writeBundle(s.path, s.graph, Buffer.from('{"index":2}'), signature)
  assert.equal(other.resumed, 0)
  await other.close()
  await cut()
  await truncate(`${s.path}.partial`, 1000)
  assert.equal((await resumedOf(s)).resumed, 0)
  await cut()
  await rm(`${s.path}.partial`)
  assert.equal((await resumedOf(s)).resumed, 0)
  await write(s.from, s.graph, s.path)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
})

test('what an earlier run left damaged is fetched again', async (t) => {
  const s = await site(t, [2 * mebibyte])
  await assert.rejects(write(cutAfter(s.from, s.large, mebibyte), s.graph, s.path), /cut/)
  await flip(`${s.path}.partial`, offsetOf(s.graph, s.large) + 1000)
  await write(s.from, s.graph, s.path)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
})

test('a source that lies, ends early or never ends is refused by name, and the next run does not build on it', async (t) => {
  const s = await site(t, [2 * mebibyte])
  const changed = (change: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): ContentStore => ({
    ...s.from,
    origin: 'registry of a liar',
    open: async (...rest) => change(await s.from.open(...rest)),
  })
  const lies = {
    zeros: changed(async function* (chunks) {
      for await (const chunk of chunks) yield Buffer.alloc(chunk.length)
    }),
    early: changed(async function* (chunks) {
      for await (const chunk of chunks) {
        yield chunk.subarray(0, 10)
        return
      }
    }),
    endless: changed(async function* (chunks) {
      yield* chunks
      for (;;) yield Buffer.alloc(65536)
    }),
  }
  for (const from of Object.values(lies)) {
    const failure = await write(from, s.graph, s.path).then(
      () => assert.fail('it was accepted'),
      (error) => error,
    )
    code('BUNDLE_CONTENT')(failure)
    assert.match(failure.message, /registry of a liar/)
  }
  await write(s.from, s.graph, s.path)
  assert.ok((await readFile(s.path)).equals(await expected(s)))
})

test('a second writer of the same bundle is refused, by any name of its directory, until the first has ended', async (t) => {
  const s = await site(t, [1000])
  const writer = await writeBundle(s.path, s.graph, index, signature)
  await assert.rejects(writeBundle(s.path, s.graph, index, signature), code('STORAGE_LOCKED'))
  await assert.rejects(
    writeBundle(join(s.path, '../../', s.path.split('/').at(-2) as string, 'b.bundle'), s.graph, index, signature),
    code('STORAGE_LOCKED'),
  )
  const other = await writeBundle(`${s.path}.other`, s.graph, index, signature)
  await other.close()
  await writer.close()
  await write(s.from, s.graph, s.path)
})

test('a directory that is not there is an error that says so', async (t) => {
  const s = await site(t, [1000])
  await assert.rejects(writeBundle(join(s.path, 'none/b'), s.graph, index, signature), code('STORAGE_WRITE'))
})

test('blobs that an older bundle holds are copied from it; a damaged one is fetched', async (t) => {
  const s = await site(t, [2 * mebibyte, mebibyte])
  const old = `${s.path}.old`
  await write(s.from, s.graph, old)
  s.read.clear()
  const reused = await reuseBlobs(old, [])
  await write(firstOf(reused, s.from), s.graph, s.path)
  assert.equal(s.read.size, 0)
  const manifests = s.graph.nodes.filter((node) => node.bytes).reduce((sum, node) => sum + node.descriptor.size, 0)
  assert.equal(reused.bytesRead, s.graph.size - manifests)
  await reused.close()
  await flip(old, offsetOf(s.graph, s.large) + 1000)
  const damaged = await reuseBlobs(old, [])
  t.after(() => damaged.close())
  await write(firstOf(damaged, s.from), s.graph, `${s.path}.new`)
  assert.deepEqual([...s.read.keys()], [s.large.digest])
  assert.ok((await readFile(`${s.path}.new`)).equals(await readFile(s.path)))
})

test('only a bundle can be reused', async (t) => {
  const path = join(await temporaryDirectory(t), 'x')
  await writeFile(path, 'text of some length')
  await assert.rejects(reuseBlobs(path, []), code('BUNDLE_FORMAT'))
})
