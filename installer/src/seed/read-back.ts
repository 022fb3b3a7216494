import { createHash } from 'node:crypto'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import type { ByteRange, Bytes, ContentStore } from '@sealift/bundle-spec/store.ts'
import { verified } from '@sealift/bundle-spec/verify.ts'
import { bytes, counted } from '../amounts.ts'
import { giveBack } from '../stores/chunk-memory.ts'
import { contentFailure } from '../stores/registry/failure.ts'
import type { RegistryStore } from '../stores/registry/store.ts'
import type { Amount } from './plan.ts'

/** What of a registry has been read. A part is content in one repository. */
export interface ReadBack {
  /** from the first byte to the last, and hashed */
  whole: Amount
  /** the first and the last kilobyte, `read` bytes together, compared with the bundle's */
  sampled: Amount & { read: number }
}

/** A registry of which nothing counts as there that has not been read just now. */
export interface ReadBackStore extends ContentStore {
  readonly readBack: ReadBack
  /**
   * Reads a name back.
   * @throws SealiftError REGISTRY_PROTOCOL where it is not there or stands for other content
   */
  readName(reference: string, digest: string, signal?: AbortSignal): Promise<void>
  /**
   * Reads the blobs of a seeded graph whole that were only sampled, in each repository that they belong in.
   * @param onProgress called with bytes read and bytes in all
   * @returns what has been read now
   * @throws SealiftError REGISTRY_*
   */
  prove(graph: Graph, onProgress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<ReadBack>
}

/** bytes at each end of a blob that are compared; one that is not longer than both is read whole */
const sample = 1024

/** blobs that are read whole at once: more share the same line */
const concurrency = 4

/**
 * Reads where `to` would only be asked: documents and small blobs whole, of other blobs the first and the last kilobyte,
 * which have to be those of `from`. So it does not matter what the registry says of itself. Two questions a blob where HEAD is
 * one; one that ignores ranges sends the whole blob. Errors: REGISTRY_CONTENT where the registry gives other bytes,
 * BUNDLE_CONTENT where those of `from` are not right.
 */
export function readBackStore(to: RegistryStore, from: ContentStore): ReadBackStore {
  const readBack: ReadBack = { whole: { parts: 0, bytes: 0 }, sampled: { parts: 0, bytes: 0, read: 0 } }

  async function readWhole(
    repository: string,
    descriptor: Descriptor,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<void> {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of await to.open(repository, descriptor, undefined, signal)) {
      hash.update(chunk)
      size += chunk.length
      onBytes?.(chunk.length)
      giveBack(chunk)
    }
    const digest = `sha256:${hash.digest('hex')}`
    if (digest !== descriptor.digest)
      throw lie(repository, descriptor, `it sends ${size} bytes with the digest ${digest}`)
    readBack.whole.parts++
    readBack.whole.bytes += size
  }

  async function readEnds(repository: string, descriptor: Descriptor, signal?: AbortSignal): Promise<void> {
    const { size } = descriptor
    const compare = async (range: ByteRange) => {
      const there = await collect(await to.open(repository, descriptor, range, signal))
      if (there.equals(await collect(await from.open(repository, descriptor, range, signal)))) return
      // whose bytes are the right ones?
      for await (const _ of verified(descriptor, await from.open(repository, descriptor), from.origin));
      throw lie(repository, descriptor, `its bytes ${shown(range)} are not those of the content with this digest`)
    }
    // one after the other: what is not there is asked for once
    await compare({ start: 0, end: sample })
    await compare({ start: size - sample, end: size })
    readBack.sampled.parts++
    readBack.sampled.bytes += size
    readBack.sampled.read += 2 * sample
  }

  return {
    origin: to.origin,
    readBack,
    open: to.open,
    async resolve(reference, signal) {
      return (await to.read(reference, signal)).descriptor
    },
    async has(repository, descriptor, signal) {
      return await orAbsent((isWhole(descriptor) ? readWhole : readEnds)(repository, descriptor, signal))
    },
    async readName(reference, digest, signal) {
      const now = await to.read(reference, signal).then(
        ({ descriptor }) => descriptor.digest,
        (error: SealiftError) => {
          if (error.code === 'REGISTRY_NOT_FOUND') return undefined
          throw error
        },
      )
      if (now === digest) return
      throw new SealiftError('REGISTRY_PROTOCOL', `${reference} is answered with other content than was pushed`, {
        why: `pushed ${digest}, read back ${now ?? 'nothing: it answers 404'}`,
        fix: `check whether something rewrites or removes tags of ${repositoryOf(reference)}`,
      })
    },
    async prove({ nodes }, onProgress, signal) {
      const wanted = nodes.flatMap(({ descriptor, targets }) =>
        isWhole(descriptor) ? [] : Array.from(targets, (repository) => ({ repository, descriptor })),
      )
      const total = wanted.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
      let done = 0
      readBack.sampled = { parts: 0, bytes: 0, read: 0 }
      await atOnce(concurrency, wanted, async ({ repository, descriptor }) => {
        const arrived = (count: number) => {
          done += count
          onProgress?.(done, total)
        }
        if (!(await orAbsent(readWhole(repository, descriptor, signal, arrived)))) throw lost(repository, descriptor)
      })
      return readBack
    },
  }
}

/** Whether what was read is there. */
async function orAbsent(reading: Promise<void>): Promise<boolean> {
  try {
    await reading
    return true
  } catch (error) {
    if ((error as SealiftError).code === 'REGISTRY_NOT_FOUND') return false
    throw error
  }
}

/** What was read back, in a line. */
export function describeReadBack({ whole, sampled }: ReadBack): string {
  const parts = (count: number, size: number) => `${counted(count, 'part')} (${bytes(size)})`
  const first = `${parts(whole.parts, whole.bytes)} read back and hashed`
  if (sampled.parts === 0) return `all ${first}`
  return `${first}, of ${parts(sampled.parts, sampled.bytes)} the first and the last kilobyte compared`
}

/** The failure of a registry that took content and does not give it. */
export const lost = (repository: string, { digest }: Descriptor): SealiftError =>
  new SealiftError('REGISTRY_PROTOCOL', `registry ${hostOf(repository)} took content and does not have it`, {
    why: `it answered that it has ${repository}@${digest}, and 404 when that is read back`,
    fix: 'look at the log of the registry and of its storage, and at caches before it; then run the command again',
  })

/** The failure of a registry that gives other bytes. */
const lie = (repository: string, { digest }: Descriptor, why: string): SealiftError =>
  contentFailure({ host: hostOf(repository), operation: `prove ${repository}@${digest}` }, why)

const hostOf = (repository: string): string => repository.split('/', 1)[0] as string

/** Whether content is always read whole. */
const isWhole = ({ mediaType, size }: Descriptor): boolean => isDocument(mediaType) || size <= 2 * sample

const shown = ({ start, end }: ByteRange): string => `${start} to ${end - 1}`

async function collect(content: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
