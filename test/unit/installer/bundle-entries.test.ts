import assert from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { blobName, headerOf, layOut, layoutDocument } from '@sealift/bundle-spec/tar.ts'
import { beginBundle, readEntries } from '../../../installer/src/stores/bundle/entries.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import type { PartedFile } from '../../../installer/src/stores/bundle/parted-file.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKeys, smallBundle } from '../../fixtures/release.ts'

const digest = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`

/** A bundle of so many blobs of one size, made up where it is read; `reads` has the bytes of each read. */
function madeUp(count: number, size: number) {
  const blobs = Array.from({ length: count }, (_, n) => ({ digest: digest(n), size }))
  const layout = layOut(2, 2, blobs)
  const step = 512 + Math.ceil(size / 512) * 512
  const first = layout.entries[3]?.offset ?? layout.size
  const reads: number[] = []
  const file: Pick<PartedFile, 'size' | 'read'> = {
    size: layout.size,
    async read(buffer, offset, length, position) {
      reads.push(length)
      const bytesRead = Math.min(length, layout.size - position)
      buffer.fill(0, offset, offset + bytesRead)
      const put = (bytes: Buffer, at: number) => {
        if (at + bytes.length <= position || at >= position + bytesRead) return
        const skipped = Math.max(0, position - at)
        bytes.copy(buffer, offset + at + skipped - position, skipped, Math.min(bytes.length, position + bytesRead - at))
      }
      for (const { name, size, offset } of layout.entries.slice(0, 3)) put(headerOf(name, size), offset - 512)
      put(layoutDocument, 512)
      const from = Math.max(0, Math.floor((position - first) / step))
      for (let n = from; n < count && first + n * step - 512 < position + bytesRead; n++)
        put(headerOf(blobName(digest(n)), size), first + n * step - 512)
      return { bytesRead }
    },
  }
  return { file: file as PartedFile, layout, reads }
}

test('100,000 empty entries are read in blocks, and what stands before the signature in one', async () => {
  const { file, layout, reads } = madeUp(limits.graphNodes, 0)
  const { rest } = await beginBundle(file, 'x')
  assert.ok(reads.length <= 3 && reads.every((bytes) => bytes <= 4096), `${reads}`)
  const entries = await rest()
  assert.equal(entries.length, limits.tarEntries)
  assert.deepEqual(entries.at(-1), layout.entries.at(-1))
  assert.ok(reads.length < 100, `${reads.length} reads`)
})

test('of large blobs no more is read than what their headers lie in', async () => {
  const { file, layout, reads } = madeUp(1000, 1_000_000)
  assert.deepEqual(await readEntries(file, 'x'), layout.entries)
  assert.ok(reads.length < 1010 && reads.every((bytes) => bytes <= 8192), `${reads.length}`)
})

test('headers at any distance are read as they stand', async () => {
  for (const size of [1, 511, 512, 1024, 3000, 3584, 4096, 5000, 70_000]) {
    const { file, layout } = madeUp(300, size)
    assert.deepEqual(await readEntries(file, 'x'), layout.entries, `${size}`)
  }
})

test('more entries than a graph has nodes are refused', async () => {
  await assert.rejects(readEntries(madeUp(limits.graphNodes + 1, 0).file, 'x'), code('BUNDLE_LIMIT'))
})

test('nothing behind the signature is read before the signature holds', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bytes = await readFile(path)
  bytes.write('!', bytes.indexOf('blobs/sha256/') + 20)
  await writeFile(path, bytes)
  await assert.rejects(openBundle(path, [signingKeys().publicKey]), code('BUNDLE_UNTRUSTED'))
  await assert.rejects(openBundle(path, trust), code('BUNDLE_ENTRY'))
  await truncate(path, bytes.indexOf('blobs/sha256/') + 100)
  await assert.rejects(openBundle(path, [signingKeys().publicKey]), code('BUNDLE_UNTRUSTED'))
  await assert.rejects(openBundle(path, trust), code('BUNDLE_TRUNCATED'))
})
