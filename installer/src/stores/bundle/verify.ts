import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, readGraph } from '@sealift/bundle-spec/graph.ts'
import { misstated } from '@sealift/bundle-spec/stated.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { blobName, type Entry } from '@sealift/bundle-spec/tar.ts'
import { firstOf } from '../first.ts'
import { hashPieces } from './hash-pool.ts'
import type { Bundle } from './open.ts'
import { checkPadding } from './padding.ts'
import { explained } from './part-faults.ts'
import { readRelease } from './release.ts'
import { checkWhole } from './whole.ts'

export interface VerifyOptions {
  signal?: AbortSignal
  /** called with bytes hashed so far, and bytes in all */
  onProgress?: (done: number, total: number) => void
  /** bundles that hold what this one may leave out; what is in them is theirs to prove */
  beside?: readonly Bundle[]
}

/**
 * Proves every byte of a bundle: all that the signed index reaches is there and hashes to its digest, nothing else is
 * there, the gaps hold zeros, and it is what its release names (`checkWhole`).
 * @returns the graph of all artifacts, read on the way
 *
 * Each byte is hashed once. Parts are proven with it: only where something is wrong are they hashed too, to name the ones
 * to carry again.
 * @throws SealiftError BUNDLE_CONTENT, BUNDLE_NOT_FOUND, BUNDLE_EXTRA, BUNDLE_PADDING, those of `readGraph`, `readRelease`
 * and `checkWhole`, and BUNDLE_PART_CONTENT where a part is the reason
 */
export async function verifyBundle(bundle: Bundle, options: VerifyOptions = {}): Promise<Graph> {
  try {
    return await verifyContent(bundle, options)
  } catch (error) {
    throw await explained(error, bundle.file, options)
  }
}

/**
 * The one function that says whether a bundle is whole, but for the content of its blobs: its documents hash to their
 * digests, every blob that they name is there and as long as they say, nothing else is, the gaps hold zeros, and it is
 * what its release names. Costs milliseconds. Whoever then reads blobs through `verified` has proven them too.
 * @throws SealiftError as `verifyBundle`
 */
export async function verifyStructure(bundle: Bundle): Promise<Graph> {
  try {
    return await checkStructure(bundle)
  } catch (error) {
    throw await explained(error, bundle.file)
  }
}

async function checkStructure(bundle: Bundle, beside: readonly Bundle[] = []): Promise<Graph> {
  const graph = await bundleGraph(bundle, beside)
  const reached = new Set(graph.nodes.map((node) => blobName(node.descriptor.digest)))
  const blobs = bundle.entries.slice(3)
  const sizes = new Map([...beside, bundle].flatMap(({ entries }) => entries.map(({ name, size }) => [name, size])))
  for (const entry of blobs)
    if (!reached.has(entry.name))
      throw new SealiftError('BUNDLE_EXTRA', `${bundle.path} holds ${entry.name}, which its signed index does not name`)
  for (const { descriptor } of graph.nodes) {
    const name = blobName(descriptor.digest)
    const size = sizes.get(name)
    if (size === undefined)
      throw new SealiftError('BUNDLE_NOT_FOUND', `${bundle.path} lacks ${name}, which its index names`)
    if (size !== descriptor.size)
      throw misstated(bundle.path, descriptor, `${descriptor.size} bytes are announced, and ${size} are there`)
  }

  await checkPadding(bundle)
  const { release } = await readRelease(bundle)
  await checkWhole({ ...bundle, store: storeOf(bundle, beside) }, release, graph)
  return graph
}

async function verifyContent(bundle: Bundle, options: VerifyOptions): Promise<Graph> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  // the structure is read while threads start and hash
  const [structure, content] = await Promise.allSettled([
    checkStructure(bundle, options.beside).catch((error) => {
      stop.abort()
      throw error
    }),
    hashBlobs(bundle, { ...options, signal }),
  ])
  if (structure.status === 'rejected') throw structure.reason
  if (content.status === 'rejected') throw content.reason
  return structure.value
}

async function hashBlobs(bundle: Bundle, { signal, onProgress }: VerifyOptions): Promise<void> {
  const blobs = bundle.entries.slice(3)
  const total = blobs.reduce((sum, entry) => sum + entry.size, 0)
  let done = 0
  const check = ({ entry }: { entry: Entry }, hex: string) => {
    if (entry.name !== `blobs/sha256/${hex}`)
      throw new SealiftError('BUNDLE_CONTENT', `${bundle.path}: ${entry.name} is damaged`, {
        why: hex ? 'its SHA-256 is another one' : 'it was cut while it was read',
        fix: 'carry the bundle over again; compare its SHA-256 with the sender',
      })
  }
  const tasks = blobs.map((entry) => ({
    segments: bundle.file.segments(entry.offset, entry.size),
    size: entry.size,
    entry,
  }))
  await hashPieces(tasks, check, {
    signal,
    onBytes: (bytes) => {
      done += bytes
      onProgress?.(done, total)
    },
  })
}

/** The graph of everything in a bundle, under the vendor's names. Reads and proves documents only. */
export function bundleGraph(bundle: Bundle, beside: readonly Bundle[] = []): Promise<Graph> {
  return readGraph(
    storeOf(bundle, beside),
    bundle.artifacts.map(({ descriptor, reference }) => ({ descriptor, source: reference, target: reference })),
  )
}

const storeOf = (bundle: Bundle, beside: readonly Bundle[]): ContentStore =>
  firstOf(...beside.map(({ store }) => store), bundle.store)
