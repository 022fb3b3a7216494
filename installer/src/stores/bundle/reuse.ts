import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { digestOfName } from '@sealift/bundle-spec/tar.ts'
import { readEntries } from './entries.ts'
import { openParts, unopened } from './parts.ts'

/** The blobs of an older bundle, for a new one. */
export interface ReusedBlobs extends ContentStore {
  /** bytes that were read from it so far */
  readonly bytesRead: number
  close(): Promise<void>
}

/** bytes of one read */
const chunkSize = 1 << 20

/**
 * Opens a bundle only for its blobs. Nothing it says is believed, not even its signature: whoever reads hashes, and
 * whoever finds a blob damaged and asks again is not offered it a second time, so that it comes from elsewhere.
 * @param trust public keys (PEM, SPKI) that may have signed a parts index, where it is in parts
 * @throws SealiftError BUNDLE_MISSING, BUNDLE_FORMAT, BUNDLE_ENTRY, BUNDLE_TRUNCATED, BUNDLE_PART*
 */
export async function reuseBlobs(path: string, trust: readonly string[]): Promise<ReusedBlobs> {
  const { file } = await openParts(path, trust)
  const origin = `bundle ${path}`
  const entries = await readEntries(file, path).catch(async (error) => {
    throw await unopened(error, file, path)
  })
  const blobs = new Map(entries.slice(3).map((entry) => [digestOfName(entry.name), entry]))
  const offered = new Set<string>()
  let bytesRead = 0

  async function* read(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    for (let at = start; at < end; ) {
      signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - at))
      const { bytesRead: count } = await file.read(buffer, 0, buffer.length, at)
      if (count === 0) throw new SealiftError('BUNDLE_TRUNCATED', `${path} was cut while it was read`)
      at += count
      bytesRead += count
      yield buffer.subarray(0, count)
    }
  }

  return {
    origin,
    get bytesRead() {
      return bytesRead
    },
    async resolve(reference) {
      throw new SealiftError('BUNDLE_NOT_FOUND', `${origin} is open for its blobs only, so not for ${reference}`)
    },
    async has(_repository, { digest, size }) {
      return blobs.get(digest)?.size === size && !offered.has(digest)
    },
    async open(_repository, { digest, size }, range = { start: 0, end: size }, signal) {
      const entry = blobs.get(digest)
      if (entry?.size !== size) throw new SealiftError('BUNDLE_NOT_FOUND', `${origin} does not hold ${digest}`)
      offered.add(digest)
      return read(entry.offset + range.start, entry.offset + Math.min(range.end, size), signal)
    },
    close: () => file.close(),
  }
}
