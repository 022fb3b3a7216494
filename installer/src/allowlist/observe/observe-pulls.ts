import { AsyncLocalStorage } from 'node:async_hooks'
import type { lookup } from 'node:dns'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { annotations, type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { type Download, downloadStore } from '../../stores/downloads.ts'
import { RefusedAddress } from '../../stores/registry/failure.ts'
import { parseRepository } from '../../stores/registry/reference.ts'
import { type RegistryStore, type RegistryStoreOptions, registryStore } from '../../stores/registry/store.ts'
import type { Watcher } from '../../stores/registry/watcher.ts'
import { guardFor } from './guard.ts'
import { type Occasion, type Sighting, Sightings } from './sightings.ts'

export interface ObserveOptions {
  /** how registries are reached; as a node of the site reaches them, not by mirrors of one's own */
  registry?: Omit<RegistryStoreOptions, 'watch'>
  /** `linux/amd64`: leaves out the other platforms of an index; default: all of them */
  platforms?: readonly string[]
  /** files of release.yaml with a `url`, and how web servers are reached */
  downloads?: readonly (Download & { name: string })[]
  web?: Parameters<typeof downloadStore>[0]
  /** default: that of node:dns */
  lookup?: typeof lookup
  signal?: AbortSignal
  /** parts of images and files that were asked for, of all */
  onProgress?: (done: number, of: number) => void
}

export interface Observation {
  sightings: Sighting[]
  /** what was led to and not asked; `host` may be the registry's own, where the address names none */
  refused: { host: string; why: string }[]
}

const fileType = 'application/octet-stream'

/** how much is asked at once: images, and parts of all of them */
const atOneTime = { images: 4, blobs: 8 }

interface Blob {
  repository: string
  descriptor: Descriptor
  for: string[]
}

/**
 * Does the pulls of images, and tells each connection that they take: every manifest, and of each config and layer the first
 * byte, since each may be somewhere else. Nothing is kept. What may not be followed is told in `refused`, and the pulls go on.
 * @throws SealiftError as registries and downloads do, where a pull can't go on: a list of half the hosts would do harm
 */
export async function observePulls(references: readonly string[], options: ObserveOptions = {}): Promise<Observation> {
  const { signal, downloads = [], web, onProgress } = options
  const contents = downloadStore(web)
  for (const download of downloads) contents.add(download, fileType)
  const sightings = new Sightings()
  const refused = new Map<string, Observation['refused'][number]>()
  const occasions = new AsyncLocalStorage<Occasion>()

  const watch = (origin: URL): Watcher => {
    const guard = guardFor(origin, options.lookup)
    return {
      ...guard,
      took(way, tokenOf) {
        const occasion = occasions.getStore()
        if (occasion) sightings.note(way.filter(guard.kept), tokenOf, occasion, guard.inside)
      },
    }
  }
  const skipRefused = (from: string) => (error: unknown) => {
    const refusal = refusalIn(error)
    if (!refusal) throw error
    const host = refusal.to || from
    sightings.count(host)
    refused.set(`${host} ${refusal.reason}`, { host, why: refusal.reason })
  }

  const store = registryStore({ ...options.registry, watch })
  const blobs = new Map<string, Blob>()
  let done = 0
  const progress = () => onProgress?.(++done, blobs.size + downloads.length)
  try {
    await atOnce(atOneTime.images, new Set(references), async (reference) => {
      await occasions.run({ kind: 'image', for: [reference] }, async () => {
        for (const blob of await blobsOf(store, reference, options)) {
          const key = `${parseRepository(blob.repository).host} ${blob.descriptor.digest}`
          const known = blobs.get(key)
          if (known) known.for.push(reference)
          else blobs.set(key, blob)
        }
      })
    })
    await atOnce(atOneTime.blobs, blobs.values(), async ({ repository, descriptor, for: names }) => {
      const { host } = parseRepository(repository)
      const read = () => readFirst(store, repository, descriptor, signal)
      await occasions.run({ kind: 'image', for: names }, () => read().catch(skipRefused(host)))
      progress()
    })
    await atOnce(atOneTime.images, downloads, async ({ name, ...download }) => {
      const origin = new URL(download.url)
      const files = downloadStore({ ...web, watcher: watch(origin) })
      const read = () => readFirst(files, '', files.add(download, fileType), signal)
      await occasions
        .run({ kind: 'download', for: [name] }, () => read().catch(skipRefused(origin.host)))
        .finally(files.close)
      progress()
    })
  } finally {
    await store.close()
  }
  return { sightings: sightings.list(), refused: [...refused.values()] }
}

/** The blobs that an image reaches. */
async function blobsOf(store: RegistryStore, source: string, { platforms, signal }: ObserveOptions): Promise<Blob[]> {
  const root = await store.resolve(source, signal)
  const descriptor = platforms ? { ...root, annotations: { [annotations.platforms]: platforms.join() } } : root
  const { nodes } = await readGraph(store, [{ descriptor, source, target: source }], signal ? { signal } : {})
  return nodes
    .filter((node) => !isDocument(node.descriptor.mediaType))
    .map((node) => ({ descriptor: node.descriptor, repository: repositoryOf(source), for: [source] }))
}

/** Reads the first byte of content, and lets go of the rest. */
async function readFirst(from: ContentStore, repository: string, descriptor: Descriptor, signal?: AbortSignal) {
  const range = { start: 0, end: Math.min(1, descriptor.size) }
  for await (const _ of await from.open(repository, descriptor, range, signal)) break
}

function refusalIn(error: unknown): RefusedAddress | undefined {
  if (error instanceof RefusedAddress) return error
  return error instanceof Error ? refusalIn(error.cause) : undefined
}
