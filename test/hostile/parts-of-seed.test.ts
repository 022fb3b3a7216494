import assert from 'node:assert/strict'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type TestContext, test } from 'node:test'
import { seedImages } from '../../installer/src/install/seed-images.ts'
import { planSeed, seedRegistry } from '../../installer/src/seed/seed.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallParts } from '../fixtures/parts.ts'
import { failureOf, fakeRegistry, storeFor } from '../unit/installer/registry/fake-registry.ts'

/** A bundle in parts, a registry to seed, and what changes a byte of the largest blob and says in which part that lies. */
async function setUp(t: TestContext) {
  const { path, parts, trust } = await smallParts(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const largest = bundle.entries.slice(3).reduce((most, entry) => (entry.size > most.size ? entry : most))
  const { size } = await stat(parts[0] as string)
  const flip = async (offset: number) => {
    const at = largest.offset + offset
    const part = parts[Math.floor(at / size)] as string
    const file = await open(part, 'r+')
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at % size)
    await file.write(Buffer.of((buffer[0] as number) ^ 1), 0, 1, at % size)
    await file.close()
    return part
  }
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  return { fake, place: { bundle, to: storeFor(t, [fake]), registry: fake.host }, middle: largest.size >> 1, flip }
}

test('a seed that meets a damaged blob names the part that it lies in, the seed of an installation too', async (t) => {
  const { fake, place, middle, flip } = await setUp(t)
  const damaged = await flip(middle)
  const stateDir = await temporaryDirectory(t)
  const { signal } = new AbortController()
  for (const seed of [() => seedRegistry(place), () => seedImages({ ...place, stateDir, signal, onProgress() {} })]) {
    const failure = await failureOf(seed())
    assert.equal(failure.code, 'BUNDLE_PART_CONTENT')
    assert.ok(failure.message.includes(damaged))
    assert.match(failure.fix ?? '', new RegExp(`^carry ${basename(damaged)} over again`))
  }
  assert.equal(fake.manifests.size, 0)
})

test('a bundle whose blob differs from what the registry has is the damaged one, also where it is only planned', async (t) => {
  const { place, flip } = await setUp(t)
  await seedRegistry(place)
  assert.equal((await seedRegistry(place)).sent, 0)
  const damaged = await flip(5)
  const failure = await failureOf(planSeed(place))
  assert.equal(failure.code, 'BUNDLE_PART_CONTENT')
  assert.ok(failure.message.includes(damaged))
})
