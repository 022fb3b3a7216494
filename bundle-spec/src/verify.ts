import { createHash } from 'node:crypto'
import type { Descriptor } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { limits } from './limits.ts'
import type { Bytes } from './store.ts'

/** The sha256 digest of bytes in memory, as a descriptor writes it. */
export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** The failure of content that is not what its descriptor says. */
export const damaged = ({ digest }: Descriptor, origin: string, why: string): SealiftError =>
  new SealiftError('BUNDLE_CONTENT', `${origin}: ${digest} is damaged`, { why })

/**
 * Wraps content so that whoever reads it to the end knows that it is what the descriptor says; `origin` names where it
 * came from. Stops as soon as there are more bytes than announced, so an endless body costs nothing.
 * @throws SealiftError BUNDLE_CONTENT, or what the place itself says of it, while reading
 */
export async function* verified(descriptor: Descriptor, bytes: Bytes, origin: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > descriptor.size) break
    hash.update(chunk)
    yield chunk
  }
  const wrong = (why: string) => bytes.blame?.(why) ?? damaged(descriptor, origin, why)
  if (size > descriptor.size) throw wrong(`it is longer than the ${descriptor.size} bytes announced`)
  if (size < descriptor.size) throw wrong(`it ends after ${size} of ${descriptor.size} bytes`)
  if (`sha256:${hash.digest('hex')}` !== descriptor.digest) throw wrong('its SHA-256 is another one')
}

/**
 * Reads a whole document (manifest, index, configuration) and checks it against its descriptor.
 * @throws SealiftError BUNDLE_CONTENT, and BUNDLE_LIMIT for more than `limits.document` bytes
 */
export async function readDocument(
  descriptor: Descriptor,
  bytes: () => Promise<Bytes>,
  origin: string,
): Promise<Uint8Array> {
  if (descriptor.size > limits.document)
    throw new SealiftError('BUNDLE_LIMIT', `${origin}: ${descriptor.digest} is too large for a document`, {
      why: `${descriptor.size} bytes, the limit is ${limits.document}`,
    })
  const chunks: Uint8Array[] = []
  for await (const chunk of verified(descriptor, await bytes(), origin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
