import type { Root } from '@sealift/bundle-spec/graph.ts'
import { releaseNameOf } from '@sealift/bundle-spec/release-name.ts'
import { signedIndexArtifact } from '@sealift/bundle-spec/signed-index.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import { readRelease } from '../stores/bundle/release.ts'
import { memoryStore } from '../stores/memory.ts'
import { releaseManifestIn } from '../stores/signed-release.ts'

/**
 * The signed index of a bundle as a registry holds it, by which the release is found there: a root of its own, and the
 * store that has its content.
 * @throws SealiftError BUNDLE_*
 */
export async function signedIndexRoot(bundle: Bundle, registry: string): Promise<{ root: Root; store: ContentStore }> {
  const { version } = (await readRelease(bundle)).release
  const name = releaseNameOf(releaseManifestIn(bundle).reference, version)
  const store = memoryStore(bundle.store.origin)
  const { manifest, parts } = signedIndexArtifact(bundle.signed)
  for (const { bytes, descriptor } of [manifest, ...parts]) store.put(bytes, descriptor.mediaType)
  return { root: { descriptor: manifest.descriptor, source: name, target: atSite(name, registry) }, store }
}
