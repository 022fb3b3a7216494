import type { TestContext } from 'node:test'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { seedRegistry } from '../../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import { openRelease } from '../../../../installer/src/stores/release/open.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallRelease } from '../../../fixtures/release.ts'
import { fakeRegistry, manifestName, storeFor } from '../registry/fake-registry.ts'

/** The small release, built and seeded below /mirror of a registry that is fake. */
export async function published(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust, licenseKey } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  const store = storeFor(t, [fake])
  const registry = `${fake.host}/mirror`
  await seedRegistry({ bundle, to: store, registry })
  fake.seen.length = 0
  const repository = 'mirror/cde/charts/cde/release'
  const name = `${fake.host}/${repository}:0.1.0`
  /** the artifact that holds the signed index, by a tag of its own */
  const held = (reference = '0.1.0') => fake.manifests.get(manifestName(fake, repository, reference))
  const open = (as = name, keys = trust) => openRelease({ name: as, from: store, trust: keys })
  return { directory, options, licenseKey, path, bundle, trust, fake, store, registry, repository, name, held, open }
}
