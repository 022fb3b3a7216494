import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { planSeed, seedRegistry } from '../../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import { memoryStore } from '../../../../installer/src/stores/memory.ts'
import { openRelease } from '../../../../installer/src/stores/release/open.ts'
import { verifyRelease } from '../../../../installer/src/stores/release/verify.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { push, putIndex, putPlatform, releaseOf } from '../../../integration/build-sources-release.ts'
import { failureOf, fakeRegistry, manifestName, storeFor } from '../registry/fake-registry.ts'

test("a release is published beside the vendor's own index with more platforms, whose tag stays as it is", async (t) => {
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  const to = storeFor(t, [fake])
  const memory = memoryStore()
  const { index } = putIndex(memory, 'manager', ['linux/amd64', 'linux/arm64', 'linux/s390x'])
  const name = `${fake.host}/cde/manager:1`
  await push(memory, to, index, name)
  const directory = await temporaryDirectory(t)
  const { options, trust } = await releaseOf(directory, to, [`{name: manager, reference: "${name}", role: component}`])
  const { path, release } = await buildBundle(options)
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const digest = release.images[0]?.digest as string
  assert.notEqual(digest, index.digest)

  const place = { bundle, to, registry: fake.host }
  const planned = (await planSeed(place)).names.map(({ reference, now }) => [reference, now])
  assert.ok(planned.some(([reference, now]) => reference === `${fake.host}/cde/manager@${digest}` && now === undefined))
  const { references, release: found } = await seedRegistry(place)
  assert.equal((await to.resolve(name)).digest, index.digest)
  assert.ok(fake.manifests.has(manifestName(fake, 'cde/manager', digest)))
  assert.ok(references.some(({ reference }) => reference === `${fake.host}/cde/manager@${digest}`))
  await verifyRelease(await openRelease({ name: found?.reference as string, from: to, trust }))
  assert.equal((await seedRegistry(place)).sent, 0)

  // any other content under that name still stops it
  await push(memory, to, putPlatform(memory, 'linux/amd64', ['something else']), name)
  assert.equal((await failureOf(seedRegistry(place))).code, 'REGISTRY_TAG_TAKEN')
})
