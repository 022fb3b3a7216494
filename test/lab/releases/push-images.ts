import { readFile } from 'node:fs/promises'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import type { ImageName } from '../../../manifests/images/catalog.ts'
import type { VendorRegistry } from '../vendor-registry.ts'
import { deriveImage } from './derive-image.ts'
import { imageChanges } from './image-changes.ts'
import type { ReleaseVariant } from './release-variant.ts'

const carried = ['manager', 'envproxy', 'dashboard', 'postgres', 'ingress', 'workspace'] as const

/** Gives the vendor's registry the images of a release as `cde/<name>:<version>`, made of those with the given digests. */
export async function pushImages(
  { host, caFile, username, password }: VendorRegistry,
  digests: ReadonlyMap<ImageName, string>,
  variant: ReleaseVariant,
): Promise<void> {
  const store = registryStore({
    registries: { [host]: { caPem: await readFile(caFile, 'utf8'), credentials: { username, password } } },
    dockerConfig: false,
    proxy: {},
  })
  try {
    const changes = await imageChanges(variant)
    for (const name of carried) {
      const of = name === 'postgres' && variant.postgres === 15 ? 'postgres-15' : name
      const from = `${host}/cde/${of}@${digests.get(of)}`
      await deriveImage(store, from, `${host}/cde/${name}:${variant.version}`, changes[name])
    }
  } finally {
    await store.close()
  }
}
