import { record } from '@sealift/bundle-spec/ustar.ts'
import { fill, type Readable } from './read-exactly.ts'

/** bytes of one read: between contents, and at most where headers stand close together */
const blockSize = { least: 4096, most: 1 << 20 }

/** bytes that a header may cost for the next block to be larger */
const dense = 4 * record

/**
 * Reads the headers of a tar, at offsets that grow, in blocks: larger ones as long as the last one held many, so that
 * 100,000 empty entries are 50 reads, and small ones where there is content between them.
 * @returns a record at an offset, until the next is asked for; undefined where the file ends before
 */
export function recordsOf(file: Readable): (at: number) => Promise<Buffer | undefined> {
  let memory = Buffer.allocUnsafeSlow(blockSize.least)
  let block: Buffer = memory.subarray(0, 0)
  let start = 0
  let used = 0
  return async (at) => {
    if (at < start || at + record > start + block.length) {
      const { least, most } = blockSize
      const length = used * dense >= block.length ? Math.min(2 * block.length, most) : least
      if (length > memory.length) memory = Buffer.allocUnsafeSlow(length)
      block = await fill(memory.subarray(0, Math.max(length, least)), file, at)
      start = at
      used = 0
    }
    used++
    const found = block.subarray(at - start, at - start + record)
    return found.length === record ? found : undefined
  }
}
