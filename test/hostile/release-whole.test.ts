import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { annotations } from '@sealift/bundle-spec/descriptor.ts'
import { signedIndexArtifact } from '@sealift/bundle-spec/signed-index.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { type Bundle, openBundle } from '../../installer/src/stores/bundle/open.ts'
import { firstOf } from '../../installer/src/stores/first.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { openRelease } from '../../installer/src/stores/release/open.ts'
import { verifyRelease } from '../../installer/src/stores/release/verify.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { type Loose, renameImage, reseal } from '../fixtures/reseal.ts'
import { putIndex, releaseOf } from '../integration/build-sources-release.ts'
import { oddities } from './bundle-faults/all.ts'
import { ofKinds } from './bundle-faults/kinds.ts'
import { ofPromises } from './bundle-faults/promised.ts'
import { site } from './bundle-verbs.ts'

/** A registry that has all of a bundle, but for what it `lacks`. */
function holding(bundle: Bundle, lacks: readonly string[] = []): ContentStore {
  const { manifest, parts } = signedIndexArtifact(bundle.signed)
  const own = memoryStore('registry of the test')
  for (const { bytes, descriptor } of [manifest, ...parts]) own.put(bytes, descriptor.mediaType)
  const all = firstOf(own, bundle.store)
  return {
    ...all,
    resolve: async () => manifest.descriptor,
    has: async (repository, descriptor) =>
      !lacks.includes(descriptor.digest) && (await all.has(repository, descriptor)),
  }
}

/** Verifies what a bundle holds as a release in a registry. */
async function verifyThere(t: TestContext, path: string, trust: string[], lacking: (bundle: Bundle) => string[]) {
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const from = holding(bundle, lacking(bundle))
  const name = 'site.example/cde/charts/cde/release:0.1.0'
  await verifyRelease(await openRelease({ name, from, trust }))
}
const nothing = () => []

for (const [what, , expected, spoil] of [...ofPromises, ...ofKinds])
  test(`${what}: refused in a registry too`, async (t) => {
    const { path, trust, ...more } = await site(t)
    await spoil({ path, trust, ...more })
    await assert.rejects(verifyThere(t, path, trust, nothing), code(expected))
  })

for (const [what, change] of oddities)
  test(`${what}, rare and right, is taken in a registry too`, async (t) => {
    const one = await site(t)
    await change(one)
    await verifyThere(t, one.path, one.trust, nothing)
  })

test('an original is compared with what is delivered where a registry has it, and by its name alone where not', async (t) => {
  const directory = await temporaryDirectory(t)
  const registry = memoryStore()
  const { index } = putIndex(registry, 'manager', ['linux/amd64', 'linux/s390x'])
  await registry.tag('vendor.example/cde/manager:1', index)
  const image = ['{name: manager, reference: "vendor.example/cde/manager:1", role: component}']
  const { options, trust } = await releaseOf(directory, registry, image, { platforms: 'linux/amd64' })
  const original = ({ manifests }: Loose) =>
    manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'original')
  const originals = ({ artifacts }: Bundle) =>
    artifacts.filter(({ role }) => role === 'original').map(({ descriptor }) => descriptor.digest)
  const built = async (change: Parameters<typeof reseal>[2]) => {
    const { path } = await buildBundle(options)
    await reseal(path, { ...options, trust }, change)
    return path
  }
  const good = await built(() => {})
  for (const lacking of [nothing, originals]) await verifyThere(t, good, trust, lacking)
  for (const change of [
    (index: Loose) => {
      original(index).annotations[annotations.platforms] = 'linux/amd64,linux/arm64'
    },
    (index: Loose) => {
      index.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'image').annotations[
        annotations.platforms
      ] = 'linux/amd64'
    },
    (index: Loose) => {
      index.manifests = index.manifests.filter((one: Loose) => one !== original(index))
    },
  ])
    for (const lacking of [nothing, originals])
      await assert.rejects(verifyThere(t, await built(change), trust, lacking), code('BUNDLE_PLATFORM'))
  const other = await built((index, put, take) => {
    const image = index.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'image')
    Object.assign(image, put({ ...take(image.digest), annotations: { another: 'one' } }))
    renameImage(index, put, take, 'manager')
  })
  await assert.rejects(verifyThere(t, other, trust, nothing), code('BUNDLE_PLATFORM'))
  await verifyThere(t, other, trust, originals)
})
