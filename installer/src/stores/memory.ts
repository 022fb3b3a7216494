import { type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ByteRange, Bytes, ContentSink, WriteOptions, WriteOutcome } from '@sealift/bundle-spec/store.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'

/** A store in memory: for documents that a build makes itself, and for tests. */
export interface MemoryStore extends ContentSink {
  /** Adds bytes and returns their descriptor. */
  put(bytes: Uint8Array, mediaType: string, extra?: Partial<Descriptor>): Descriptor
}

export function memoryStore(origin = 'memory'): MemoryStore {
  const blobs = new Map<string, Uint8Array>()
  const tags = new Map<string, Descriptor>()
  const get = (descriptor: Descriptor) => {
    const bytes = blobs.get(descriptor.digest)
    if (!bytes) throw new SealiftError('STORAGE_NOT_FOUND', `${origin} does not hold ${descriptor.digest}`)
    return bytes
  }
  return {
    origin,
    put(bytes, mediaType, extra = {}) {
      const digest = digestOf(bytes)
      blobs.set(digest, bytes)
      return { mediaType, digest, size: bytes.length, ...extra }
    },
    async resolve(reference) {
      const descriptor = tags.get(reference)
      if (!descriptor) throw new SealiftError('STORAGE_NOT_FOUND', `${origin} does not hold ${reference}`)
      return descriptor
    },
    async has(_repository, descriptor) {
      return blobs.has(descriptor.digest)
    },
    async open(_repository, descriptor, range?: ByteRange): Promise<Bytes> {
      const bytes = get(descriptor)
      return one(range ? bytes.subarray(range.start, range.end) : bytes)
    },
    async write(_repository, descriptor, source, options: WriteOptions = {}): Promise<WriteOutcome> {
      if (blobs.has(descriptor.digest)) return 'present'
      const chunks: Uint8Array[] = []
      for await (const chunk of await source(0)) {
        chunks.push(chunk)
        options.onBytes?.(chunk.length)
      }
      blobs.set(descriptor.digest, Buffer.concat(chunks))
      return 'sent'
    },
    async tag(reference, descriptor) {
      if (isDocument(descriptor.mediaType)) get(descriptor)
      tags.set(reference, descriptor)
    },
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
