import { annotations } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { filterIndex } from '@sealift/bundle-spec/filter-index.ts'
import type { Node } from '@sealift/bundle-spec/graph.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { builtAnew, type SignedRelease } from '../signed-release.ts'

/**
 * Proves that nothing is absent but what may be (SPEC.md, "Platforms"): only an original index leaves entries out, only
 * those of platforms that the release does not deliver, and what is delivered in its place follows from it.
 * @param nodes what is there, by digest: of originals that a registry lacks, only the signed index is known
 * @throws SealiftError BUNDLE_PLATFORM
 */
export function checkOriginals(signed: SignedRelease, nodes: ReadonlyMap<string, Node>, release: Release): void {
  const bad = (reference: string, why: string) =>
    new SealiftError('BUNDLE_PLATFORM', `${signed.path}: ${reference} leaves out what it must not`, {
      why,
      fix: builtAnew,
    })
  const limited = signed.artifacts.filter(
    ({ role, descriptor }) => role === 'original' || descriptor.annotations?.[annotations.platforms] !== undefined,
  )
  const made = new Set(release.images.map(({ original }) => original))
  for (const { role, reference, descriptor } of limited) {
    if (role !== 'original') throw bad(reference, 'it is limited to platforms, but it is no original index')
    if (descriptor.annotations?.[annotations.platforms] !== release.platforms.join(','))
      throw bad(reference, `it is not limited to the platforms of the release, ${release.platforms.join(', ')}`)
    if (!made.has(descriptor.digest)) throw bad(reference, 'the release names no image that is made from it')
  }
  const originals = new Map(limited.map((artifact) => [artifact.descriptor.digest, artifact]))
  for (const image of release.images) {
    if (image.original === undefined) continue
    const artifact = originals.get(image.original)
    if (!artifact) throw bad(image.reference, `the bundle does not hold its original, ${image.original}`)
    const bytes = nodes.get(image.original)?.bytes
    if (!bytes) continue
    const filtered = filterIndex(artifact.descriptor, bytes, release.platforms)
    if (!filtered || digestOf(filtered) !== image.digest)
      throw bad(image.reference, `it is not what ${artifact.reference} gives for the platforms of the release`)
  }
}
