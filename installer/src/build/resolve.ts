import { annotations, type Descriptor, isIndex } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { filterIndex } from '@sealift/bundle-spec/filter-index.ts'
import { readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { platformNames, platformsOfImage } from '@sealift/bundle-spec/image-platforms.ts'
import { lackingPlatform } from '@sealift/bundle-spec/platform.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import type { MemoryStore } from '../stores/memory.ts'
import { documentFailure } from '../stores/registry/failure.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { artifactAs } from './artifact.ts'
import type { ReleaseSource } from './source.ts'
import type { LocalSources } from './sources.ts'

/** An image of the release, found. */
export interface ResolvedImage {
  /** what is delivered, under its tag where it has one */
  image: Artifact
  /** the vendor's index, where fewer platforms are delivered than it has */
  original?: Artifact
  /** where it was found */
  store: ContentStore
  /** its repository's full name */
  repository: string
}

export interface ResolveOptions {
  registry: ContentStore
  sources: LocalSources
  /** takes the documents that are made or read on the way, so that nobody asks for them again */
  made: MemoryStore
  platforms: readonly string[]
  signal?: AbortSignal | undefined
}

/**
 * Finds every image: by digest where its reference has one (the tag is then only its name), else by tag. Of an index, the
 * platforms of the release are taken, and each must be there.
 * @throws SealiftError BUILD_PLATFORM, BUILD_REFERENCE, REGISTRY_*, STORAGE_*, BUNDLE_*
 */
export async function resolveImages(source: ReleaseSource, options: ResolveOptions): Promise<ResolvedImage[]> {
  return await Promise.all(source.images.map((image) => resolveImage(image, source, options)))
}

async function resolveImage(
  image: ReleaseSource['images'][number],
  source: ReleaseSource,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const { registry, sources, made, platforms, signal } = options
  const { name, reference } = image
  const where = source.placeOf(image)
  const [tagged = '', digest] = reference.split('@') as [string, string?]
  const repository = repositoryOf(reference)
  const local = image.source === undefined ? undefined : await sources.open(image.source)
  const store = local?.store ?? registry
  const found = plain(await store.resolve(local?.reference ?? reference, signal))
  if (digest !== undefined && found.digest !== digest)
    throw new SealiftError('BUILD_REFERENCE', `${where}: ${name} is another image than its reference pins`, {
      why: `${image.source ?? store.origin} has ${found.digest}`,
      fix: `correct the reference, or pin ${tagged}@${found.digest}`,
    })
  if (local) await assertWhole(local.store, found, repository, signal)
  const read = async (document: Descriptor) => {
    const open = () => store.open(reference, document, undefined, signal)
    const bytes = await readDocument(document, open, store.origin)
    made.put(bytes, document.mediaType)
    return bytes
  }
  const bytes = await read(found)
  const missing = (has: string, wanted: string) =>
    new SealiftError('BUILD_PLATFORM', `${where}: image ${name} has nothing for ${wanted}`, {
      why: `${reference} is for ${has}`,
      fix: 'push that platform, or leave it out: platforms in release.yaml, or --platform',
    })
  const named = (descriptor: Descriptor) => (tagged === repository ? `${repository}@${descriptor.digest}` : tagged)
  const as = (descriptor: Descriptor) => artifactAs('image', name, named(descriptor), descriptor)

  const has = await platformsOfImage(found, bytes, read).catch((error) => {
    if (local || error.code !== 'BUNDLE_JSON') throw error
    throw documentFailure({ host: reference.split('/', 1)[0] as string, operation: '' }, reference, error)
  })
  const lacking = has && lackingPlatform(has, platforms)
  if (lacking !== undefined) throw missing(platformNames(has), lacking)
  if (!isIndex(found.mediaType)) return { image: as(found), store, repository }
  const filtered = filterIndex(found, bytes, platforms)
  if (!filtered) return { image: as(found), store, repository }
  const original = { ...found, annotations: { [annotations.platforms]: platforms.join(',') } }
  return {
    image: as(made.put(filtered, found.mediaType)),
    original: artifactAs('original', name, `${repository}@${found.digest}`, original),
    store,
    repository,
  }
}

const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size })

/** A registry is not asked for what a local place should have: the person meant that place. */
async function assertWhole(store: ContentStore, descriptor: Descriptor, repository: string, signal?: AbortSignal) {
  const root = { descriptor, source: repository, target: repository }
  const { nodes } = await readGraph(store, [root], signal ? { signal } : {})
  for (const node of nodes)
    if (!(await store.has(repository, node.descriptor, signal)))
      throw new SealiftError('STORAGE_NOT_FOUND', `${store.origin} is not whole: it lacks ${node.descriptor.digest}`, {
        fix: 'copy the image there again, with all of its platforms',
      })
}
