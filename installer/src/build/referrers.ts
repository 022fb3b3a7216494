import { type Descriptor, isIndex, isManifest } from '@sealift/bundle-spec/descriptor.ts'
import { childrenOf } from '@sealift/bundle-spec/document.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { platformsOf, selectPlatforms } from '@sealift/bundle-spec/platform.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { knowsReferrers, type Referrer, type ReferringStore, subjectOf } from '../stores/referrers.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { artifactAs } from './artifact.ts'
import type { ResolvedImage } from './resolve.ts'

/** nesting of a signature of an SBOM of an image */
const maxDepth = 4
/** what one image may have; more is not about the image any more */
const maxReferrers = 1000

/**
 * Finds the signatures, SBOMs and attestations of images: of the vendor's index, of the one that is delivered and of each
 * platform's manifest in it, and what refers to those again. They keep the names by which clients look for them: a
 * `subject`, and cosign's tags.
 * @throws SealiftError BUILD_REFERRERS, REGISTRY_*, BUNDLE_*
 */
export async function findReferrers(images: readonly ResolvedImage[], signal?: AbortSignal): Promise<Artifact[]> {
  const found = new Map<string, Artifact>()
  await Promise.all(
    images.map(async (image) => {
      const { store, repository } = image
      if (!knowsReferrers(store)) return
      for (const artifact of await referrersOf(image, store, signal))
        if (!found.has(artifact.reference)) found.set(artifact.reference, artifact)
      if (found.size > limits.graphNodes) throw tooMany(repository)
    }),
  )
  return [...found.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1))
}

async function referrersOf(
  { image, original, repository }: ResolvedImage,
  store: ReferringStore,
  signal?: AbortSignal,
): Promise<Artifact[]> {
  const found = new Map<string, Artifact>()
  const asked = new Set<string>()

  async function visit(digest: string, depth: number): Promise<void> {
    if (asked.has(digest) || depth > maxDepth) return
    asked.add(digest)
    const listed = await store.referrers(repository, digest, signal)
    if (listed.length > maxReferrers) throw tooMany(repository)
    await Promise.all(listed.map((referrer) => take(referrer, digest, depth)))
  }

  async function take({ descriptor, tag }: Referrer, digest: string, depth: number): Promise<void> {
    if (!isManifest(descriptor.mediaType)) return
    const bytes = await readDocument(
      descriptor,
      () => store.open(repository, descriptor, undefined, signal),
      store.origin,
    )
    // a list can claim anything: what counts is what the manifest itself says
    if (tag === undefined && subjectOf(descriptor.digest, bytes) !== digest) return
    const reference = tag === undefined ? `${repository}@${descriptor.digest}` : `${repository}:${tag}`
    found.set(reference, artifactAs('referrer', image.name, reference, plain(descriptor)))
    if (found.size > maxReferrers) throw tooMany(repository)
    await visit(descriptor.digest, depth + 1)
  }

  const digests = await digestsOf(image, original, repository, store, signal)
  await Promise.all(digests.map((digest) => visit(digest, 0)))
  return [...found.values()]
}

/** The manifests that signatures of an image may be about. */
async function digestsOf(
  image: Artifact,
  original: Artifact | undefined,
  repository: string,
  store: ContentStore,
  signal?: AbortSignal,
): Promise<string[]> {
  const { descriptor } = original ?? image
  if (!isIndex(descriptor.mediaType)) return [descriptor.digest]
  const bytes = await readDocument(
    descriptor,
    () => store.open(repository, descriptor, undefined, signal),
    store.origin,
  )
  const children = childrenOf(descriptor, bytes)
  const platforms = platformsOf(descriptor)
  const delivered = platforms ? selectPlatforms(children, platforms) : children
  return [descriptor.digest, ...delivered.map(({ digest }) => digest)]
}

const plain = ({ mediaType, digest, size, artifactType }: Descriptor): Descriptor => ({
  mediaType,
  digest,
  size,
  ...(artifactType === undefined ? {} : { artifactType }),
})

const tooMany = (repository: string) =>
  new SealiftError('BUILD_REFERRERS', `${repository} has too many signatures and attestations to carry`, {
    why: `more than ${maxReferrers} for one image`,
    fix: 'remove old ones there, or leave them out: --no-referrers',
  })
