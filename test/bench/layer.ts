import { createCipheriv, createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { endMarker, headerOf, record } from '@sealift/bundle-spec/tar.ts'

const chunkSize = 1 << 20

/**
 * A layer that nothing can compress and anybody can make again: a tar with one file of `size` bytes, the AES-128-CTR key
 * stream of its name, in a gzip that only stores. `onTar` sees the tar, as its diff_id is the hash of that.
 */
export function layerBytes(name: string, size: number, onTar?: (chunk: Buffer) => void): Readable {
  async function* tar() {
    const cipher = createCipheriv(
      'aes-128-ctr',
      createHash('sha256').update(name).digest().subarray(0, 16),
      Buffer.alloc(16),
    )
    const zeros = Buffer.alloc(chunkSize)
    yield headerOf(`data/${name}`, size)
    for (let at = 0; at < size; at += chunkSize) yield cipher.update(zeros.subarray(0, Math.min(chunkSize, size - at)))
    yield Buffer.alloc(((record - (size % record)) % record) + endMarker)
  }
  async function* seen() {
    for await (const chunk of tar()) {
      onTar?.(chunk)
      yield chunk
    }
  }
  return Readable.from(seen(), { objectMode: false }).pipe(createGzip({ level: 0, chunkSize }))
}

/** Digest and size of a layer as it is carried, and its diff_id. */
export async function describeLayer(
  name: string,
  size: number,
): Promise<{ digest: string; size: number; diffId: string }> {
  const [carried, plain] = [createHash('sha256'), createHash('sha256')]
  let length = 0
  for await (const chunk of layerBytes(name, size, (part) => plain.update(part))) {
    carried.update(chunk)
    length += chunk.length
  }
  return { digest: `sha256:${carried.digest('hex')}`, size: length, diffId: `sha256:${plain.digest('hex')}` }
}
