import { isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { digestOfName, type Entry } from '@sealift/bundle-spec/tar.ts'
import type { Bundle } from '../stores/bundle/open.ts'

/** Bytes of a buffer: more than a socket queues, so that whoever is handed the next one has sent the last. */
const bufferSize = 256 << 10

/** One is being read, one is on its way, one is held back until the blob is proven, one to spare. */
const buffers = 4

/**
 * The store of a bundle whose blobs are read into a few buffers again and again, so that memory stays flat however much
 * is sent. A piece is good until the third one after it is asked for: for senders, not for collectors.
 */
export function ringStore({ store, file, entries }: Bundle): ContentStore {
  const blobs = new Map(entries.slice(3).map((entry) => [digestOfName(entry.name), entry]))
  return {
    ...store,
    async open(repository, descriptor, range, signal) {
      const entry = blobs.get(descriptor.digest)
      if (isDocument(descriptor.mediaType) || range || entry?.size !== descriptor.size)
        return await store.open(repository, descriptor, range, signal)
      return readThrough(file, entry, signal)
    },
  }
}

async function* readThrough(
  file: Bundle['file'],
  entry: Entry,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const size = Math.min(bufferSize, entry.size)
  const ring = Array.from({ length: buffers }, () => Buffer.allocUnsafeSlow(size))
  for (let at = 0, turn = 0; at < entry.size; turn++) {
    signal?.throwIfAborted()
    const buffer = ring[turn % buffers] as Buffer
    const { bytesRead } = await file.read(buffer, 0, Math.min(size, entry.size - at), entry.offset + at)
    if (bytesRead === 0) throw new SealiftError('BUNDLE_TRUNCATED', `${entry.name} was cut while it was read`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
