import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { behind, type Entry, endMarker } from '@sealift/bundle-spec/tar.ts'
import { readUpTo } from '../read-exactly.ts'
import type { Bundle } from './open.ts'

/** bytes of one read at most, and between two entries whose padding is read at once */
const most = 1 << 20
const near = 8192

/**
 * Proves that what is behind the content of each entry, and the end marker, are zeros. Where entries are small, a read
 * takes in the padding of many.
 * @throws SealiftError BUNDLE_PADDING
 */
export async function checkPadding({ path, file, entries }: Pick<Bundle, 'path' | 'file' | 'entries'>): Promise<void> {
  let block: Buffer = Buffer.alloc(0)
  let start = 0
  for (const [i, entry] of entries.entries()) {
    const end = entry.offset + entry.size
    if (behind(entry) > start + block.length) {
      block = await readUpTo(file, end, together(entries, i) - end)
      start = end
    }
    if (!isZero(block.subarray(end - start, behind(entry) - start), behind(entry) - end))
      throw new SealiftError('BUNDLE_PADDING', `${path}: the bytes behind ${entry.name} are not zeros`)
  }
  if (!isZero(await readUpTo(file, file.size - endMarker, endMarker), endMarker))
    throw new SealiftError('BUNDLE_PADDING', `${path}: its end marker is not zeros`)
}

/** Where the padding of the last entry ends that is read together with that of entry `first`. */
function together(entries: readonly Entry[], first: number): number {
  const { offset, size } = entries[first] as Entry
  let end = behind(entries[first] as Entry)
  for (let i = first + 1; i < entries.length; i++) {
    const entry = entries[i] as Entry
    if (behind(entry) - end > near || behind(entry) - (offset + size) > most) break
    end = behind(entry)
  }
  return end
}

const isZero = (bytes: Buffer, length: number): boolean => bytes.length === length && bytes.every((byte) => byte === 0)
