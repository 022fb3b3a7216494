import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { differenceOf } from '../../../installer/src/stores/bundle/difference.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import type { MemoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage, smallRelease } from '../../fixtures/release.ts'

/** Two builds of the small release; the second one's manager has another layer on top. */
async function twoBundles(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const first = (await buildBundle(options)).path
  const base = `base layer ${'x'.repeat(3000)}`
  await putImage(options.registry as MemoryStore, 'registry.sealift.example/cde/manager:0.1.0', [
    base,
    'manager, but newer',
  ])
  await mkdir(join(directory, 'second'))
  const second = (await buildBundle({ ...options, out: join(directory, 'second', 'cde.bundle') })).path
  const [a, b] = [await openBundle(first, trust), await openBundle(second, trust)]
  t.after(() => Promise.all([a.close(), b.close()]))
  return { a, b }
}

test('a difference names what changed and counts only bytes that are new', async (t) => {
  const { a, b } = await twoBundles(t)
  const { artifacts, blobs } = await differenceOf(a, b)
  const changes = Object.fromEntries(artifacts.map(({ role, name, change }) => [`${role} ${name}`, change]))
  assert.deepEqual(changes, {
    'release cde': 'changed',
    'chart cde': 'same',
    'image manager': 'changed',
    'image workspace': 'same',
    'file tool': 'same',
  })
  // the layer, the config and the manifest of the manager; release document and its manifest
  assert.equal(blobs.added.length, blobs.removed.length)
  assert.equal(blobs.added.length + blobs.kept.length, b.entries.length - 3)
  assert.ok(blobs.added.some(({ size }) => size === 'manager, but newer'.length))
  const manager = artifacts.find(({ name }) => name === 'manager')
  assert.ok((manager?.new ?? 0) > 0 && (manager?.new ?? 0) < 1500)
  assert.notEqual(manager?.from?.digest, manager?.to?.digest)
})

test('the bytes to carry are those of a bundle with the new blobs only', async (t) => {
  const { a, b } = await twoBundles(t)
  const { blobs, carry } = await differenceOf(a, b)
  const padded = (size: number) => 512 + Math.ceil(size / 512) * 512
  const expected = [...b.entries.slice(0, 3), ...blobs.added].reduce((sum, { size }) => sum + padded(size), 1024)
  assert.equal(carry, expected)
  assert.equal((await differenceOf(b, b)).blobs.added.length, 0)
})
