import { createHash, type Hash } from 'node:crypto'
import { readSync } from 'node:fs'

/** Bytes of an open file. `fd` belongs to the whole process, so threads can read it at offsets of their own. */
export interface Segment {
  fd: number
  offset: number
  size: number
}

/** What is hashed as one: its segments in order, more than one where it spans files. `size` is that of all of them. */
export interface Piece {
  segments: readonly Segment[]
  size: number
}

const buffer = Buffer.allocUnsafeSlow(1 << 20)

/**
 * Hashes a piece with SHA-256, blocking its thread.
 * @param onBytes told of each read; answers false to stop
 * @returns hex digest, empty where a file ended or could not be read before the piece did, or it was stopped
 */
export function hashPiece({ segments }: Piece, onBytes: (bytes: number) => boolean): string {
  const hash = createHash('sha256')
  return segments.every((segment) => hashInto(hash, segment, onBytes)) ? hash.digest('hex') : ''
}

/** Hashes a segment as part of something; false where the file ended before it did, gave no more, or `onBytes` stopped it. */
export function hashInto(hash: Hash, { fd, offset, size }: Segment, onBytes: (bytes: number) => boolean): boolean {
  for (let at = 0; at < size; ) {
    const count = bytesAt(fd, Math.min(buffer.length, size - at), offset + at)
    if (count === 0 || !onBytes(count)) return false
    hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
    at += count
  }
  return true
}

/** Reads into the buffer: nothing where a disk does not give the bytes, which is as if they were not there. */
function bytesAt(fd: number, length: number, offset: number): number {
  try {
    return readSync(fd, buffer, 0, length, offset)
  } catch {
    return 0
  }
}
