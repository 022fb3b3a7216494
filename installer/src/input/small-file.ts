import { isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { checkRegular, type Refuse, statOf, whyUnreadable, withoutWaiting } from './regular-file.ts'

/**
 * The bytes of a small file that somebody names. It is a regular one, and of no more than `most` bytes, whatever it says of
 * itself: a file of /proc says 0, and one that is being written grows. Nothing is waited for.
 * @throws what `refuse` makes
 */
export function readSmallFile(file: string, most: number, refuse: Refuse): Buffer {
  checkRegular(statOf(file, refuse), refuse)
  let handle: number
  try {
    handle = openSync(file, withoutWaiting)
  } catch (cause) {
    throw refuse(whyUnreadable(cause), cause)
  }
  try {
    const info = fstatSync(handle)
    checkRegular(info, refuse)
    const tooLarge = () => refuse(`it is larger than ${most} bytes`)
    if (info.size > most) throw tooLarge()
    const chunks: Buffer[] = []
    for (let size = 0; ; ) {
      const chunk = Buffer.allocUnsafe(Math.min(1 << 20, Math.max(info.size - size, 0) + 4096))
      const count = readOnce(handle, chunk, refuse)
      if (count === 0) return Buffer.concat(chunks)
      size += count
      if (size > most) throw tooLarge()
      chunks.push(chunk.subarray(0, count))
    }
  } finally {
    closeSync(handle)
  }
}

/**
 * The text of a small file that somebody names: in UTF-8, without the mark that some editors put first.
 * @throws what `refuse` makes
 */
export const readSmallText = (file: string, most: number, refuse: Refuse): string =>
  asText(readSmallFile(file, most, refuse), refuse)

/** Bytes as text. @throws what `refuse` makes where they are none in UTF-8, or hold a NUL byte */
export function asText(bytes: Uint8Array, refuse: Refuse): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw refuse('it is text in UTF-16; save it in UTF-8')
  if (bytes.includes(0)) throw refuse('it is no text in UTF-8: it holds NUL bytes')
  if (!isUtf8(bytes)) throw refuse('it is no text in UTF-8')
  return new TextDecoder().decode(bytes)
}

function readOnce(handle: number, chunk: Buffer, refuse: Refuse): number {
  try {
    return readSync(handle, chunk)
  } catch (cause) {
    throw refuse(whyUnreadable(cause), cause)
  }
}
