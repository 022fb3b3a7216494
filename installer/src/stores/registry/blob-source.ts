import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'

/** The bytes of a blob as an upload needs them: cut into pieces of exact length, across chunks of any length. */
export interface BlobSource {
  /** What went wrong with reading, as distinct from sending. */
  readonly failure: unknown
  /** Exactly `length` bytes more. */
  take(length: number): AsyncGenerator<Uint8Array, void>
  /** Reads to the end, so that a source which proves its bytes there does it. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** Wraps an opened source. `onBytes` hears of every number of bytes handed out. */
export function blobSource(bytes: Bytes, onBytes: ((bytes: number) => void) | undefined): BlobSource {
  const iterator = bytes[Symbol.asyncIterator]()
  let rest: Uint8Array | undefined
  let failure: unknown
  const next = async () => {
    try {
      return await iterator.next()
    } catch (error) {
      failure = error
      throw error
    }
  }
  const wrong = (why: string) => {
    failure = new SealiftError('INTERNAL_SOURCE', 'a source of bytes does not have the length announced', { why })
    return failure
  }
  return {
    get failure() {
      return failure
    },
    async *take(length) {
      for (let left = length; left > 0; ) {
        if (rest === undefined || rest.length === 0) {
          const { done, value } = await next()
          if (done) throw wrong(`it ends ${left} bytes early`)
          rest = value
        }
        const part = rest.subarray(0, left)
        rest = rest.subarray(part.length)
        left -= part.length
        onBytes?.(part.length)
        yield part
      }
    },
    async finish() {
      if (rest && rest.length > 0) throw wrong('it goes on')
      for (let step = await next(); !step.done; step = await next())
        if (step.value.length > 0) throw wrong('it goes on')
    },
    async close() {
      await iterator.return?.()
    },
  }
}
