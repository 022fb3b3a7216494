import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { annotations } from '@sealift/bundle-spec/descriptor.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { seedRegistry } from '../../installer/src/seed/seed.ts'
import { type Bundle, openBundle } from '../../installer/src/stores/bundle/open.ts'
import { readRelease } from '../../installer/src/stores/bundle/release.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { run } from '../lab/command.ts'
import { push, putIndex, putPlatform, realRegistry, releaseOf } from './build-sources-release.ts'

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64']

/** An index for four platforms at a real registry, and a release that wants some of them. */
async function site(t: TestContext, wanted: string) {
  const { registry, store } = await realRegistry(t)
  const memory = memoryStore()
  const { index, children } = putIndex(memory, 'manager', platforms)
  const name = `${registry.host}/cde/manager:1`
  await push(memory, store, index, name)
  const directory = await temporaryDirectory(t)
  const image = `{name: manager, reference: "${name}", role: component}`
  return {
    registry,
    store,
    memory,
    index,
    children,
    name,
    directory,
    ...(await releaseOf(directory, store, [image], { platforms: wanted })),
  }
}

async function opened(t: TestContext, path: string, trust: string[]): Promise<Bundle> {
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  return bundle
}

test('of an index the wanted platforms come along with their attestations, and the vendor index beside them', async (t) => {
  const { options, trust, index, children, registry } = await site(t, 'linux/amd64, linux/arm64')
  const { path } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  const graph = await verifyBundle(bundle)
  const { release } = await readRelease(bundle)
  assert.equal(release.images[0]?.original, index.digest)
  assert.notEqual(release.images[0]?.digest, index.digest)
  const digests = new Set(graph.nodes.map(({ descriptor }) => descriptor.digest))
  assert.deepEqual(
    children.map(({ digest }) => digests.has(digest)),
    [true, true, false, false],
  )
  const original = bundle.artifacts.find(({ role }) => role === 'original')
  assert.equal(original?.reference, `${registry.host}/cde/manager@${index.digest}`)
  assert.equal(original?.descriptor.annotations?.[annotations.platforms], 'linux/amd64,linux/arm64')
  // an independent reader finds both platforms and their attestations under the tag
  const raw = await run('skopeo', ['inspect', '--raw', `oci-archive:${path}:${registry.host}/cde/manager:1`])
  const { manifests } = JSON.parse(raw) as { manifests: { platform: { architecture: string } }[] }
  assert.deepEqual(
    manifests.map(({ platform }) => platform.architecture),
    ['amd64', 'unknown', 'arm64', 'unknown'],
  )
})

test('an index whose platforms are all wanted keeps the digest that the vendor published', async (t) => {
  const { options, trust, index } = await site(t, 'linux/amd64')
  const { path, release } = await buildBundle({ ...options, platforms })
  assert.equal(release.images[0]?.digest, index.digest)
  assert.equal(release.images[0]?.original, undefined)
  assert.deepEqual(release.platforms, platforms)
  await verifyBundle(await opened(t, path, trust))
})

test('a platform that an image lacks fails the build with the line of release.yaml', async (t) => {
  const { options, memory, store, registry, directory } = await site(t, 'linux/amd64, linux/s390x')
  await assert.rejects(buildBundle(options), (error: Error) => {
    assert.match(error.message, /release\.yaml:\d+: image manager has nothing for linux\/s390x/)
    return code('BUILD_PLATFORM')(error)
  })
  const name = `${registry.host}/cde/tool:1`
  await push(memory, store, putPlatform(memory, 'linux/arm64', ['one platform only']), name)
  const single = await releaseOf(directory, store, [`{name: tool, reference: "${name}", role: component}`])
  await assert.rejects(buildBundle(single.options), code('BUILD_PLATFORM'))
  await buildBundle({ ...single.options, platforms: ['linux/arm64'] })
})

test('a reference with tag and digest is fetched by its digest and keeps its tag as a name', async (t) => {
  const { store, memory, index, name, directory, registry } = await site(t, 'linux/amd64')
  const pinned = `${name}@${index.digest}`
  // the tag moves on; the release stays
  await push(memory, store, putPlatform(memory, 'linux/amd64', ['a later build']), name)
  const image = `{name: manager, reference: "${pinned}", role: component}`
  const { options } = await releaseOf(directory, store, [image], { rendered: [pinned] })
  const { release } = await buildBundle({ ...options, platforms })
  assert.equal(release.images[0]?.digest, index.digest)
  assert.equal(release.images[0]?.reference, name)
  const bare = `${registry.host}/cde/manager@${index.digest}`
  const byDigest = await releaseOf(directory, store, [`{name: manager, reference: "${bare}", role: component}`])
  const filtered = await buildBundle(byDigest.options)
  const { digest } = filtered.release.images[0] ?? {}
  assert.equal(
    filtered.release.images[0]?.reference,
    `${registry.host}/cde/manager@${digest}`,
    'a chart may pin the original',
  )
})

test('distribution 2.8 takes what is delivered, refuses the sparse original, and a client pulls each platform', async (t) => {
  const { options, trust, index, children } = await site(t, 'linux/amd64, linux/arm64')
  const { path, release } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  const target = await realRegistry(t)
  const result = await seedRegistry({ bundle, to: target.store, registry: target.registry.host })
  assert.deepEqual(result.originals, [
    { reference: `${target.registry.host}/cde/manager@${index.digest}`, accepted: false },
  ])
  const name = `${target.registry.host}/cde/manager:1`
  assert.equal((await target.store.resolve(name)).digest, release.images[0]?.digest)
  const copy = join(await temporaryDirectory(t), 'copy')
  await run('skopeo', [
    'copy',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    `docker://${name}`,
    `dir:${copy}`,
  ])
  await rm(copy, { recursive: true })
  for (const [i, architecture] of ['amd64', 'arm64'].entries()) {
    const flags = ['--override-os', 'linux', '--override-arch', architecture, '--src-tls-verify=false']
    await run('skopeo', ['copy', '--preserve-digests', ...flags, `docker://${name}`, `oci:${copy}-${i}:x`])
    const inspected = JSON.parse(await run('skopeo', ['inspect', `oci:${copy}-${i}:x`]))
    assert.equal(inspected.Digest, children[i]?.digest)
  }
  const again = await seedRegistry({ bundle, to: target.store, registry: target.registry.host })
  assert.equal(again.sent, 0)
})
