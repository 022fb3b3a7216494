import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { annotations, type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { filterIndex } from '@sealift/bundle-spec/filter-index.ts'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { includesPlatform, selectPlatforms } from '@sealift/bundle-spec/platform.ts'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { verifyBundle } from '../../../installer/src/stores/bundle/verify.ts'
import { writeBundle } from '../../../installer/src/stores/bundle/write.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putIndex, releaseOf } from '../../integration/build-sources-release.ts'

const digest = (n: number) => `sha256:${String(n).repeat(64)}`
const entry = (n: number, platform?: string, attested?: number): Descriptor => {
  const [os = '', architecture = '', variant] = platform?.split('/') ?? []
  return {
    mediaType: mediaTypes.manifest,
    digest: digest(n),
    size: 1,
    ...(platform ? { platform: { os, architecture, ...(variant ? { variant } : {}) } } : {}),
    ...(attested === undefined ? {} : { annotations: { 'vnd.docker.reference.digest': digest(attested) } }),
  }
}

test('a platform without a variant stands for all of them, and arm64 is arm64/v8', () => {
  const v7 = { os: 'linux', architecture: 'arm', variant: 'v7' }
  assert.equal(includesPlatform(['linux/arm'], v7), true)
  assert.equal(includesPlatform(['linux/arm/v6'], v7), false)
  assert.equal(includesPlatform(['linux/arm64'], { os: 'linux', architecture: 'arm64', variant: 'v8' }), true)
  assert.equal(includesPlatform(['linux/arm64/v8'], { os: 'linux', architecture: 'arm64' }), true)
  assert.equal(includesPlatform(['linux/amd64'], { os: 'windows', architecture: 'amd64' }), false)
})

test('only entries that state another platform are left out, and attestations of those', () => {
  const entries = [
    entry(1, 'linux/amd64'),
    entry(2, 'unknown/unknown', 1),
    entry(3, 'linux/arm64'),
    entry(4, 'unknown/unknown', 3),
    entry(5),
    entry(6, 'unknown/unknown'),
    entry(7, 'unknown/unknown', 9),
  ]
  const kept = selectPlatforms(entries, ['linux/amd64']).map(({ digest }) => Number(digest.at(-1)))
  assert.deepEqual(kept, [1, 2, 5, 6, 7])
})

test('a filtered index is the vendor document with fewer entries, and nothing where all are wanted', () => {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [entry(1, 'linux/amd64'), entry(2, 'linux/arm64')],
    annotations: { kept: 'yes' },
  }
  const bytes = Buffer.from(JSON.stringify(document, null, 3))
  const original = { mediaType: mediaTypes.index, digest: digest(0), size: bytes.length }
  const filtered = filterIndex(original, bytes, ['linux/arm64'])
  const expected = { ...document, manifests: [entry(2, 'linux/arm64')] }
  assert.equal(Buffer.from(filtered ?? []).toString(), JSON.stringify(expected))
  assert.equal(filterIndex(original, bytes, ['linux/amd64', 'linux/arm64']), undefined)
})

test('of an index that is limited to platforms the graph reaches those only, of any other index all', async () => {
  const store = memoryStore()
  const { index, children } = putIndex(store, 'x', ['linux/amd64', 'linux/arm64'])
  const limited = { ...index, annotations: { [annotations.platforms]: 'linux/amd64' } }
  const reach = async (...roots: Descriptor[]) => {
    const graph = await readGraph(
      store,
      roots.map((descriptor, i) => ({ descriptor, source: 'a/x:1', target: `a/x:${i}` })),
    )
    const digests = graph.nodes.map(({ descriptor }) => descriptor.digest)
    return children.map(({ digest }) => digests.includes(digest))
  }
  assert.deepEqual(await reach(limited), [true, false])
  assert.deepEqual(await reach(index), [true, true])
  assert.deepEqual(await reach(limited, index), [true, true])
  assert.deepEqual(await reach(index, limited), [true, true])
})

/** A good bundle of two platforms out of three, and a way to seal its content again with another index. */
async function forgery(t: Parameters<typeof temporaryDirectory>[0]) {
  const directory = await temporaryDirectory(t)
  const registry = memoryStore()
  const { index } = putIndex(registry, 'manager', ['linux/amd64', 'linux/arm64', 'linux/s390x'])
  await registry.tag('vendor.example/cde/manager:1', index)
  const { options, trust } = await releaseOf(
    directory,
    registry,
    ['{name: manager, reference: "vendor.example/cde/manager:1", role: component}'],
    { platforms: 'linux/amd64, linux/arm64' },
  )
  const { path } = await buildBundle(options)
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const reseal = async (change: (entry: Descriptor, role: string) => Descriptor | undefined): Promise<string> => {
    const manifests = bundle.artifacts.flatMap(({ descriptor, role }) => change(descriptor, role) ?? [])
    const sealed = toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests })
    const roots = manifests.map((descriptor) => {
      const name = descriptor.annotations?.[annotations.refName] as string
      return { descriptor, source: name, target: name }
    })
    const graph = await readGraph(bundle.store, roots)
    const out = join(directory, 'forged.bundle')
    const writer = await writeBundle(out, graph, sealed, signMessage(sealed, options.signingKey))
    await copyGraph(bundle.store, writer, graph)
    await writer.finish()
    return out
  }
  const verify = async (file: string) => {
    const forged = await openBundle(file, trust)
    try {
      await verifyBundle(forged)
    } finally {
      await forged.close()
    }
  }
  return { reseal, verify }
}

const limitedTo = (entry: Descriptor, platforms: string): Descriptor => ({
  ...entry,
  annotations: { ...entry.annotations, [annotations.platforms]: platforms },
})

test('the forgery of the next tests changes nothing by itself', async (t) => {
  const { reseal, verify } = await forgery(t)
  await verify(await reseal((entry) => entry))
})

test('a delivered image cannot be limited, so a wanted platform cannot go missing unnoticed', async (t) => {
  const { reseal, verify } = await forgery(t)
  const file = await reseal((entry, role) => (role === 'image' ? limitedTo(entry, 'linux/amd64') : entry))
  await assert.rejects(verify(file), code('BUNDLE_PLATFORM'))
})

test('an original index cannot be limited to fewer platforms than the release delivers', async (t) => {
  const { reseal, verify } = await forgery(t)
  const file = await reseal((entry, role) => (role === 'original' ? limitedTo(entry, 'linux/amd64') : entry))
  await assert.rejects(verify(file), code('BUNDLE_PLATFORM'))
})

test('an original index that the release names cannot be left out', async (t) => {
  const { reseal, verify } = await forgery(t)
  await assert.rejects(
    verify(await reseal((entry, role) => (role === 'original' ? undefined : entry))),
    code('BUNDLE_PLATFORM'),
  )
})
