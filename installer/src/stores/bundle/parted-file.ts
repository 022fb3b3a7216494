import type { FileHandle } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openRegular } from '../../input/regular-file.ts'
import type { Segment } from './hash-piece.ts'

/** An open file that holds bytes of a bundle. */
export interface OpenPart {
  path: string
  handle: FileHandle
  /** bytes that it has */
  size: number
  /** what a signed parts index says of it; a bundle in one file has none */
  digest?: string
}

/**
 * The bytes of a bundle, read at offsets as if they lay in one file. They lie in parts, read where they are; a bundle in
 * one file is the case of one part.
 */
export interface PartedFile {
  parts: readonly OpenPart[]
  /** bytes of all parts */
  size: number
  /** As a FileHandle's: may give fewer bytes than asked for, none at the end. @throws SealiftError BUNDLE_UNREADABLE */
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  /** Where a range really lies, for threads that read it by themselves. */
  segments(offset: number, size: number): Segment[]
  close(): Promise<void>
}

export function partedFile(parts: readonly OpenPart[]): PartedFile {
  let size = 0
  const starts = parts.map((part) => {
    const start = size
    size += part.size
    return start
  })
  /** The bytes of a range, part by part; each as an offset in its part. */
  function* pieces(offset: number, length: number): Generator<{ part: OpenPart; offset: number; size: number }> {
    let at = offset
    const end = Math.min(offset + length, size)
    for (let i = indexAt(starts, at); at < end; i++) {
      const part = parts[i] as OpenPart
      const within = at - (starts[i] as number)
      const count = Math.min(part.size - within, end - at)
      yield { part, offset: within, size: count }
      at += count
    }
  }
  return {
    parts,
    size,
    async read(buffer, offset, length, position) {
      const { value: piece } = pieces(position, length).next()
      if (!piece) return { bytesRead: 0 }
      const { path, handle } = piece.part
      return await handle.read(buffer, offset, piece.size, piece.offset).catch((cause: NodeJS.ErrnoException) => {
        throw new SealiftError('BUNDLE_UNREADABLE', `${path} cannot be read at byte ${piece.offset}`, {
          why: cause.code,
          fix: 'look at the disk that it is on (dmesg), and carry it over again to another one',
          cause,
        })
      })
    },
    segments: (offset, length) =>
      [...pieces(offset, length)].map((piece) => ({
        fd: piece.part.handle.fd,
        offset: piece.offset,
        size: piece.size,
      })),
    async close() {
      await Promise.all(parts.map((part) => part.handle.close()))
    },
  }
}

/** The last part that begins at or before an offset. */
function indexAt(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Opens a file for reading, and nothing that only looks like one.
 * @throws SealiftError BUNDLE_MISSING
 */
export async function openRegularFile(path: string): Promise<OpenPart> {
  const opened = await openRegular(
    path,
    (why, cause) =>
      new SealiftError('BUNDLE_MISSING', `${path} cannot be opened`, { why, fix: `ls -l ${path}`, cause }),
  )
  return { path, ...opened }
}
