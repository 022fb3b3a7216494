import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { verified } from '@sealift/bundle-spec/verify.ts'

/**
 * A store whose blobs are hashed from their first byte on whatever range is asked for, so that an upload which goes on in
 * the middle is proven as a whole before it ends. For places where reading costs little: files.
 */
export function provenStore(store: ContentStore): ContentStore {
  return {
    ...store,
    // without the signal: whoever sends stops asking by himself, after the chunk that is on its way
    async open(repository, descriptor, range) {
      if (range === undefined || range.end !== descriptor.size) return await store.open(repository, descriptor, range)
      const whole = verified(descriptor, await store.open(repository, descriptor), store.origin)
      return behind(whole, range.start)
    },
  }
}

async function* behind(bytes: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Uint8Array, void> {
  let skip = start
  for await (const chunk of bytes) {
    const part = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - part.length
    if (part.length > 0) yield part
  }
}
