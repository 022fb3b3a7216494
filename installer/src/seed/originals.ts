import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { ContentSink } from '@sealift/bundle-spec/store.ts'
import { verified } from '@sealift/bundle-spec/verify.ts'
import type { Bundle } from '../stores/bundle/open.ts'

/** The vendor's index of an image, at the site. */
export interface SeededOriginal {
  /** by digest */
  reference: string
  /** false where the registry takes no index of which it lacks some platforms */
  accepted: boolean
}

/** how registries refuse an index whose entries they lack */
const refusals: ReadonlySet<string> = new Set(['REGISTRY_NOT_FOUND', 'REGISTRY_REFUSED', 'REGISTRY_UNSUPPORTED'])

/**
 * Offers the vendors' own indexes to a registry, by digest. Some take an index of which they lack platforms, most do not:
 * what is deployed never depends on it, it is there so that a vendor's digest and signatures can be looked up.
 * @throws SealiftError REGISTRY_*
 */
export async function seedOriginals(
  bundle: Bundle,
  to: ContentSink,
  registry: string,
  signal?: AbortSignal,
): Promise<SeededOriginal[]> {
  const seeded: SeededOriginal[] = []
  for (const { role, descriptor, reference: vendors } of bundle.artifacts) {
    if (role !== 'original') continue
    const reference = atSite(vendors, registry)
    const source = async () => verified(descriptor, await bundle.store.open(vendors, descriptor), bundle.store.origin)
    try {
      await to.write(repositoryOf(reference), descriptor, source, signal ? { signal } : {})
      seeded.push({ reference, accepted: true })
    } catch (error) {
      if (!(error instanceof SealiftError) || !refusals.has(error.code)) throw error
      seeded.push({ reference, accepted: false })
    }
  }
  return seeded
}
