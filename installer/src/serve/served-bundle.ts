import { type Descriptor, hexOf } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Graph } from '@sealift/bundle-spec/graph.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { digestOfName, type Entry } from '@sealift/bundle-spec/tar.ts'
import { hashPieces } from '../stores/bundle/hash-pool.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import type { Blobs } from './shown.ts'

/** A verified bundle that is being served. */
export interface ServedBundle extends Blobs {
  bundle: Bundle
  release: Release
  graph: Graph
  /** its files as they were when it was verified */
  stamp: string
  has(descriptor: Descriptor): boolean
  /** Closes the files as soon as no blob is held any more. */
  retire(): Promise<void>
}

/**
 * Identity, size and times of the files of a bundle. Writing to a file changes its times, and nobody but root can set
 * the ctime back; a file that was replaced by another of its name is not noticed, because the open one stays as it was.
 */
export async function stampOf(bundle: Bundle): Promise<string> {
  const stats = await Promise.all(bundle.file.parts.map(({ handle }) => handle.stat({ bigint: true })))
  return stats.map(({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(':')).join(' ')
}

/**
 * Hands out blobs of a bundle that was verified while its files bore `stamp`. When they bear another later (touched,
 * renamed, written to), each blob is hashed again before it is handed out once more.
 */
export function servedBundle(verified: {
  bundle: Bundle
  release: Release
  graph: Graph
  stamp: string
}): ServedBundle {
  const { bundle, stamp } = verified
  const entries = new Map(bundle.entries.slice(3).map((entry) => [digestOfName(entry.name), entry]))
  /** blob -> the stamp under which it was proven again */
  const proven = new Map<string, string>()
  const proving = new Map<string, Promise<void>>()
  let holds = 0
  const idle = Promise.withResolvers<void>()
  let retired = false

  const find = ({ digest, size }: Descriptor): Entry | undefined => {
    const entry = entries.get(digest)
    return entry?.size === size ? entry : undefined
  }
  const release = () => {
    holds--
    if (retired && holds === 0) idle.resolve()
  }

  /** Gives the stamp under which the blob is proven. */
  async function prove(digest: string, entry: Entry): Promise<string> {
    for (let tries = 0; tries < 3; tries++) {
      const now = await stampOf(bundle)
      if (now === (proven.get(digest) ?? stamp)) return now
      const already = proving.get(digest)
      const proof = already ?? hashAgain(digest, entry, now).finally(() => proving.delete(digest))
      if (!already) proving.set(digest, proof)
      await proof
    }
    throw changed(bundle.path)
  }

  async function hashAgain(digest: string, entry: Entry, now: string): Promise<void> {
    const task = { segments: bundle.file.segments(entry.offset, entry.size), size: entry.size }
    await hashPieces([task], (_, hex) => {
      if (hex !== hexOf(digest))
        throw new SealiftError('BUNDLE_CONTENT', `${bundle.path}: ${digest} is damaged`, {
          why: 'the file was changed while it was served',
          fix: `carry the bundle over again, then reload: sealift bundle verify ${bundle.path} shows whether it is whole`,
        })
    })
    proven.set(digest, now)
  }

  return {
    ...verified,
    has: (descriptor) => find(descriptor) !== undefined,
    async hold(descriptor) {
      const entry = find(descriptor)
      if (!entry || retired)
        throw new SealiftError('BUNDLE_NOT_FOUND', `${bundle.path} does not hold ${descriptor.digest}`)
      holds++
      try {
        const at = await prove(descriptor.digest, entry)
        return {
          async read(buffer, length, position) {
            const wanted = Math.min(length, entry.size - position)
            return (await bundle.file.read(buffer, 0, wanted, entry.offset + position)).bytesRead
          },
          async confirm() {
            if ((await stampOf(bundle)) !== at) throw changed(bundle.path)
          },
          release,
        }
      } catch (error) {
        release()
        throw error
      }
    },
    async retire() {
      retired = true
      if (holds > 0) await idle.promise
      await bundle.close()
    },
  }
}

export const changed = (path: string) =>
  new SealiftError('BUNDLE_CHANGED', `${path} is being changed`, {
    why: 'its size or times are not what they were when it was verified',
    fix: 'leave a served file as it is: put a new one beside it, or rename the new one over it, then reload',
  })
