import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { contentsTree } from '../../../installer/src/cli/contents-tree.ts'
import { contentsOf } from '../../../installer/src/stores/bundle/contents.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallBundle, smallRelease } from '../../fixtures/release.ts'
import { renameImage, reseal } from '../../fixtures/reseal.ts'
import { putIndex, releaseOf } from '../../integration/build-sources-release.ts'

test('contents count what artifacts share in each, and all of it once in the whole', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const contents = await contentsOf(bundle)
  assert.deepEqual(
    contents.artifacts.map(({ role, name }) => `${role} ${name}`),
    ['release cde', 'chart cde', 'image manager', 'image workspace', 'file tool'],
  )
  assert.equal(contents.blobs, bundle.entries.length - 3)
  assert.equal(
    contents.size,
    bundle.entries.slice(3).reduce((sum, { size }) => sum + size, 0),
  )
  const [, , manager, workspace] = contents.artifacts
  const [base, top] = manager?.manifests[0]?.layers ?? []
  assert.deepEqual([base?.usedBy, top?.usedBy, top?.size], [2, 1, 'manager'.length])
  assert.equal(base?.digest, workspace?.manifests[0]?.layers[0]?.digest)
  assert.equal((manager?.size ?? 0) - (manager?.own ?? 0), base?.size)
  assert.ok(contents.unshared > contents.size)
})

test("a vendor's own index beside the one that is delivered counts as part of that image, not as a second holder", async (t) => {
  const registry = memoryStore()
  for (const name of ['manager', 'workspace'])
    await registry.tag(
      `vendor.example/cde/${name}:1`,
      putIndex(registry, name, ['linux/amd64', 'linux/arm64', 'linux/s390x']).index,
    )
  const { options, trust } = await releaseOf(
    await temporaryDirectory(t),
    registry,
    ['manager', 'workspace'].map(
      (name) => `{name: ${name}, reference: "vendor.example/cde/${name}:1", role: component}`,
    ),
    { platforms: 'linux/amd64, linux/arm64' },
  )
  const { path } = await buildBundle(options)
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const contents = await contentsOf(bundle)
  const [manager] = contents.artifacts.filter(({ role, name }) => role === 'image' && name === 'manager')
  const [original] = contents.artifacts.filter(({ role, name }) => role === 'original' && name === 'manager')
  assert.ok(manager && original)
  const [base, top] = manager.manifests[0]?.layers ?? []
  assert.deepEqual([base?.usedBy, top?.usedBy], [2, 1])
  const shared = manager.manifests.flatMap(({ layers }) => layers).filter(({ usedBy }) => usedBy > 1)
  const once = new Map(shared.map(({ digest, size }) => [digest, size]))
  assert.equal(
    manager.size - manager.own,
    [...once.values()].reduce((sum, size) => sum + size, 0),
  )
  const document = bundle.artifacts.find(({ role, name }) => role === 'original' && name === 'manager')?.descriptor
  assert.equal(original.own, document?.size)
  const held = contents.artifacts.map(({ role, size, own }) => (role === 'original' ? own : size))
  assert.equal(
    contents.unshared,
    held.reduce((sum, size) => sum + size, 0),
  )
})

test('the tree fits 80 columns and names each layer with its size and how many share it', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const lines = contentsTree(await contentsOf(bundle))
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
  const at = lines.findIndex((line) => line.startsWith('image manager'))
  assert.match(
    lines.slice(at, at + 5).join('\n'),
    /^image manager {2}[^\n]+ of it in nothing else\n {2}registry\.sealift\.example\/cde\/manager:0\.1\.0\n {2}sha256:[0-9a-f]{64}\n {2}├─ layer 3\.01 kB {2}[0-9a-f]{12} {2}shared by 2\n {2}└─ layer {5}7 B {2}[0-9a-f]{12}$/,
  )
})

test('platforms of an index, and what refers to an image, stand below it', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  const manifestType = 'application/vnd.oci.image.manifest.v1+json'
  const indexType = 'application/vnd.oci.image.index.v1+json'
  await reseal(path, { signingKey: options.signingKey, trust }, (index, put, take) => {
    const manager = index.manifests.find(
      (one: { annotations: Record<string, string> }) => one.annotations['dev.sealift.name'] === 'manager',
    )
    const { digest, size } = manager
    const list = put({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [
        { mediaType: manifestType, digest, size, platform: { os: 'linux', architecture: 'amd64', variant: 'v2' } },
      ],
    })
    Object.assign(manager, { mediaType: indexType, ...list })
    renameImage(index, put, take, 'manager')
    const empty = put({})
    const about = (subject: object | undefined, artifactType: string, reference: string) => {
      const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...empty }
      const document = put({
        schemaVersion: 2,
        mediaType: manifestType,
        artifactType,
        config,
        layers: [],
        ...(subject ? { subject } : {}),
      })
      index.manifests.push({
        mediaType: manifestType,
        ...document,
        annotations: {
          'dev.sealift.role': 'referrer',
          'dev.sealift.name': 'manager',
          'org.opencontainers.image.ref.name': reference,
        },
      })
    }
    const repository = 'registry.sealift.example/cde/manager'
    about({ mediaType: manifestType, digest, size }, 'application/spdx+json', `${repository}:sbom`)
    about(
      undefined,
      'application/vnd.dev.cosign.artifact.sig.v1+json',
      `${repository}:${list.digest.replace(':', '-')}.sig`,
    )
  })
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const lines = contentsTree(await contentsOf(bundle))
  const at = lines.findIndex((line) => line.startsWith('image manager'))
  assert.deepEqual(
    lines.slice(at + 3, at + 8).map((line) => line.replace(/ +[0-9.]+ k?B +[0-9a-f]{12}/, '')),
    [
      '  ├─ linux/amd64/v2',
      '  │  ├─ layer  shared by 2',
      '  │  ├─ layer',
      '  │  └─ about it  application/spdx+json',
      '  └─ about it  application/vnd.dev.cosign.artifact.sig.v1+json',
    ],
  )
  assert.equal(lines.filter((line) => line.startsWith('referrer')).length, 0)
})
