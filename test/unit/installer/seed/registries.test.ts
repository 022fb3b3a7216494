import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type SeedOptions, seedRegistry } from '../../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import type { RegistryStoreOptions } from '../../../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallBundle } from '../../../fixtures/release.ts'
import { failureOf, fakeRegistry, storeFor } from '../registry/fake-registry.ts'
import {
  artifactoryLike,
  ecrLike,
  harborLike,
  nexusLike,
  quayLike,
  signedStates,
  smallManifests,
} from '../registry/profiles.ts'

const chunks = { whole: 500, chunk: 1000 }

async function site(t: TestContext, options: RegistryStoreOptions = {}, mounts = true) {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const fake = await fakeRegistry(t, { repositories: { mounts } })
  const to = storeFor(t, [fake], { chunks, ...options })
  const seed = (more: Partial<SeedOptions> = {}) => seedRegistry({ bundle, to, registry: fake.host, ...more })
  return { fake, seed, bundle, to }
}

test('a registry that does everything gets everything once, and shows what it can', async (t) => {
  const { fake, seed } = await site(t)
  const { outcomes, references, capabilities, plan, release } = await seed()
  assert.equal(references.length, 6)
  assert.equal(release?.reference, `${fake.host}/cde/charts/cde/release:0.1.0`)
  assert.equal(outcomes.mounted, plan.mount.parts)
  assert.ok(outcomes.mounted >= 1)
  assert.deepEqual(
    [capabilities?.chunks, capabilities?.mounts, capabilities?.location, capabilities?.cancels, capabilities?.login],
    [true, true, 'relative', true, 'none'],
  )
  assert.equal(fake.uploads.size, 0, 'the trial and every upload has ended')
  fake.seen.length = 0
  const again = await seed()
  assert.equal(again.sent, 0)
  assert.equal(again.capabilities, undefined)
  assert.ok(
    fake.seen.every(({ method }) => method === 'HEAD' || method === 'GET'),
    'the second run only asks',
  )
})

test('Harbor: tokens that end in the middle are renewed, and a project that is missing is one clear error', async (t) => {
  const { fake, seed } = await site(t)
  const { tokens } = harborLike(fake, { project: 'cde', each: 8 })
  const { references, capabilities } = await seed()
  assert.equal(references.length, 6)
  assert.equal(capabilities?.login, 'bearer')
  assert.ok(tokens() > 12, `${tokens()} tokens`)
  const elsewhere = await site(t)
  harborLike(elsewhere.fake, { project: 'other' })
  const error = await failureOf(elsewhere.seed())
  assert.equal(error.code, 'REGISTRY_NO_REPOSITORY')
  assert.equal(elsewhere.fake.blobs.size, 0)
})

test('Quay without artifacts: says so, and takes the images alone', async (t) => {
  const { fake, seed } = await site(t, {}, false)
  quayLike(fake)
  const error = await failureOf(seed())
  assert.equal(error.code, 'REGISTRY_UNSUPPORTED')
  assert.match(error.fix ?? '', /--images-only/)
  const { references, outcomes, release } = await seed({ roles: ['image'] })
  assert.equal(references.length, 2)
  assert.equal(release, undefined)
  assert.equal(outcomes.mounted, 0)
})

test('Nexus: whole blobs only, found out with the trial and not with every blob', async (t) => {
  const { fake, seed } = await site(t, {}, false)
  nexusLike(fake)
  const { references, capabilities } = await seed()
  assert.equal(references.length, 6)
  assert.deepEqual([capabilities?.chunks, capabilities?.referrers], [false, 'tag'])
  assert.equal(fake.seen.filter(({ method }) => method === 'PATCH').length, 1)
})

test('Artifactory: basic login, no mounts, no state of uploads', async (t) => {
  const { fake, seed } = await site(t, {
    registries: () => ({ plainHttp: true, credentials: { username: 'site', password: 'secret' } }),
  })
  artifactoryLike(fake, 'site:secret')
  const { references, capabilities, outcomes } = await seed()
  assert.equal(references.length, 6)
  assert.equal(outcomes.mounted, 0)
  assert.equal(capabilities?.login, 'basic')
  assert.equal(capabilities?.keepsUploads, false)
})

test('ECR: missing repositories and tags that never change are clear errors, the same content again is not', async (t) => {
  const { fake, seed } = await site(t)
  ecrLike(fake, { repositories: [] })
  assert.equal((await failureOf(seed())).code, 'REGISTRY_NO_REPOSITORY')
  ecrLike(fake, { repositories: undefined })
  const { capabilities } = await seed()
  assert.deepEqual([capabilities?.tellsOffset, capabilities?.cancels], [false, false])
  assert.equal((await seed()).sent, 0)
})

test('a name that stands for other content stops a seed before anything is sent, unless it may change', async (t) => {
  const { fake, seed } = await site(t)
  await seed()
  const [name, right] = [...fake.manifests].find(([key]) => key.endsWith(':0.1.0')) ?? []
  assert.ok(name && right)
  fake.manifests.set(name, { ...right, bytes: Buffer.from('{"mediaType":"application/vnd.oci.image.index.v1+json"}') })
  fake.blobs.clear()
  fake.seen.length = 0
  const error = await failureOf(seed())
  assert.equal(error.code, 'REGISTRY_TAG_TAKEN')
  assert.ok(fake.seen.every(({ method }) => method === 'HEAD' || method === 'GET'))
  ecrLike(fake, { repositories: undefined })
  const immutable = await failureOf(seed({ replaceTags: true }))
  assert.equal(immutable.code, 'REGISTRY_TAG_IMMUTABLE')
})

test('a limit for manifests is named', async (t) => {
  const { fake, seed } = await site(t)
  smallManifests(fake, 100)
  assert.equal((await failureOf(seed())).code, 'REGISTRY_MANIFEST_SIZE')
  assert.equal(fake.manifests.size, 0)
})

test('a registry that drops uploads whose answer was lost is found out by the trial', async (t) => {
  const { fake, seed } = await site(t)
  signedStates(fake)
  const { capabilities, references } = await seed()
  assert.equal(capabilities?.keepsUploads, false)
  assert.equal(references.length, 6)
})
