import assert from 'node:assert/strict'
import { mkdir, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SealiftError } from '../../../../bundle-spec/src/error.ts'
import { digestOf } from '../../../../bundle-spec/src/verify.ts'
import { type BundleSet, openBundleSet } from '../../../../installer/src/serve/bundle-set.ts'
import { createLibrary } from '../../../../installer/src/serve/library.ts'
import { splitBundle } from '../../../../installer/src/stores/bundle/split.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { overwrite, vendor, withoutBlob } from './bundles.ts'

async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { build, trust, license, signingKey } = await vendor(directory)
  const shelf = join(directory, 'bundles')
  await mkdir(shelf)
  const opened = new Set<BundleSet>()
  t.after(async () => {
    for (const set of opened) await Promise.all(set.bundles.map((bundle) => bundle.retire().catch(() => {})))
  })
  return {
    shelf,
    trust,
    signingKey,
    build: (name: string, version: string, workspace?: string) => build(join(shelf, name), version, workspace),
    async open(paths: readonly string[], previous?: BundleSet) {
      const set = await openBundleSet({ paths, trust, license, ...(previous ? { previous } : {}) })
      opened.add(set)
      return set
    },
  }
}

const text = (content: string) => ({
  digest: digestOf(Buffer.from(content)),
  size: Buffer.byteLength(content),
  mediaType: 'x/y',
})

async function read(set: BundleSet, content: string): Promise<string> {
  const held = await set.blobs.hold(text(content))
  try {
    const buffer = Buffer.alloc(100)
    const count = await held.read(buffer, 100, 0)
    await held.confirm()
    return buffer.toString('utf8', 0, count)
  } finally {
    held.release()
  }
}

test('several bundles are one registry, and a directory stands for the bundles in it', async (t) => {
  const { shelf, build, open } = await site(t)
  await build('one.bundle', '0.1.0')
  await build('two.bundle', '0.2.0')
  const set = await open([shelf])
  assert.equal(set.bundles.length, 2)
  assert.deepEqual(set.catalog.tags('cde/manager'), ['0.1.0', '0.2.0'])
  assert.equal(await read(set, 'manager 0.1.0'), 'manager 0.1.0')
  assert.equal(await read(set, 'manager 0.2.0'), 'manager 0.2.0')
})

test('bundles in parts that lie in a directory are served with the whole ones, also after a reload', async (t) => {
  const { shelf, build, open, trust, signingKey } = await site(t)
  await build('one.bundle', '0.1.0')
  const library = createLibrary(await open([shelf]), (previous) => open([shelf], previous))
  const two = await build('two.bundle', '0.2.0')
  const { parts } = await splitBundle({ path: two, out: two, partSize: 4096, signingKey, trust, move: true })
  await library.reload()
  assert.ok(parts.length > 1)
  assert.deepEqual(library.shown().catalog.tags('cde/manager'), ['0.1.0', '0.2.0'])
  assert.equal(await read(library.current(), 'manager 0.2.0'), 'manager 0.2.0')
  const before = library.current()
  await overwrite(`${two}.002`, 100, Buffer.from('changed'))
  await library.reload()
  assert.equal(library.current(), before, 'a damaged part changes nothing')
  await rm(`${two}.parts.json`)
  await assert.rejects(open([shelf]), code('BUNDLE_PARTS'))
  await rm(`${two}.001`)
  await rm(join(shelf, 'one.bundle'))
  await assert.rejects(open([shelf]), (error: SealiftError) => /two\.bundle/.test(error.message))
})

test('a blob that one bundle leaves out is taken from another, and is missed without it', async (t) => {
  const { build, open, trust } = await site(t)
  const base = await build('base.bundle', '0.1.0')
  const delta = await build('delta.bundle', '0.2.0')
  await withoutBlob(delta, trust, text('workspace').digest)
  await assert.rejects(open([delta]), code('BUNDLE_NOT_FOUND'))
  const set = await open([delta, base])
  assert.ok(set.catalog.contains('cde/workspace', text('workspace').digest))
  assert.equal(await read(set, 'workspace'), 'workspace')
})

test('one name for two contents is refused with both files named', async (t) => {
  const { build, open } = await site(t)
  const one = await build('one.bundle', '0.1.0')
  const two = await build('two.bundle', '0.1.0', 'another workspace')
  await assert.rejects(open([one, two]), (error: unknown) => {
    const { why } = error as SealiftError
    return code('BUNDLE_CONFLICT')(error) && why?.includes(one) === true && why.includes(two)
  })
  await open([one, one])
})

test('a directory without a bundle is told so', async (t) => {
  const { shelf, open } = await site(t)
  await assert.rejects(open([shelf]), code('BUNDLE_MISSING'))
})

test('a file that was only touched is proven again blob by blob, and served on', async (t) => {
  const { build, open } = await site(t)
  const path = await build('one.bundle', '0.1.0')
  const set = await open([path])
  await utimes(path, new Date(), new Date(1000))
  assert.equal(await read(set, 'workspace'), 'workspace')
  await rename(path, `${path}.old`)
  assert.equal(await read(set, 'workspace'), 'workspace')
})

test('a blob that was changed in the file is never handed out again, the others are', async (t) => {
  const { build, open } = await site(t)
  const path = await build('one.bundle', '0.1.0')
  const set = await open([path])
  const [bundle] = set.bundles
  const entry = bundle?.bundle.entries.find(({ name }) => name.endsWith(text('workspace').digest.slice(7)))
  const held = await set.blobs.hold(text('workspace'))
  await overwrite(path, entry?.offset as number, Buffer.from('W'))
  await assert.rejects(held.confirm(), code('BUNDLE_CHANGED'))
  held.release()
  for (let i = 0; i < 2; i++) await assert.rejects(read(set, 'workspace'), code('BUNDLE_CONTENT'))
  assert.equal(await read(set, 'manager 0.1.0'), 'manager 0.1.0')
  await overwrite(path, entry?.offset as number, Buffer.from('w'))
  assert.equal(await read(set, 'workspace'), 'workspace', 'restored bytes are right again')
})

test('a reload shows new bundles, keeps those that did not change, and lets downloads end on the old file', async (t) => {
  const { shelf, build, open } = await site(t)
  const one = await build('one.bundle', '0.1.0')
  const first = await open([shelf])
  const library = createLibrary(first, (previous) => open([shelf], previous))
  await build('two.bundle', '0.2.0')
  await library.reload()
  assert.deepEqual(library.shown().catalog.tags('cde/manager'), ['0.1.0', '0.2.0'])
  assert.equal(library.current().bundles[0], first.bundles[0], 'what has not changed is not verified again')

  const held = await library.shown().blobs.hold(text('manager 0.1.0'))
  await build('next', '0.3.0')
  await rename(join(shelf, 'next'), one)
  await library.reload()
  assert.deepEqual(library.shown().catalog.tags('cde/manager'), ['0.2.0', '0.3.0'])
  const buffer = Buffer.alloc(13)
  assert.equal(await held.read(buffer, 13, 0), 13)
  assert.equal(buffer.toString(), 'manager 0.1.0')
  held.release()
  await assert.rejects(library.shown().blobs.hold(text('manager 0.1.0')), code('BUNDLE_NOT_FOUND'))
  await assert.rejects(async () => first.bundles[0]?.hold(text('manager 0.1.0')), code('BUNDLE_NOT_FOUND'))
})

test('a bad bundle at a reload changes nothing', async (t) => {
  const { shelf, build, open, trust } = await site(t)
  await build('one.bundle', '0.1.0')
  const outcomes: boolean[] = []
  const library = createLibrary(await open([shelf]), (previous) => open([shelf], previous), {
    onReload: (loaded) => outcomes.push(loaded),
  })
  const before = library.current()
  const bad = await build('two.bundle', '0.2.0')
  await withoutBlob(bad, trust, text('manager 0.2.0').digest)
  await library.reload()
  assert.equal(library.current(), before)
  assert.equal(await read(before, 'workspace'), 'workspace')
  await build('two.bundle', '0.2.0')
  await Promise.all([library.reload(), library.reload(), library.reload()])
  assert.equal(library.current().bundles.length, 2)
  assert.deepEqual(outcomes, [false, true, true], 'reloads that come while one is under way are taken together')
})
