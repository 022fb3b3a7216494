import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { behind, type Entry, endMarker, layoutDocument, names, readHeader, record } from '@sealift/bundle-spec/tar.ts'
import type { PartedFile } from './parted-file.ts'

/**
 * Reads the headers of a bundle, not its content: which files lie where. The order is fixed (SPEC.md, "File"), so each
 * name can stand only once.
 * @throws SealiftError BUNDLE_ENTRY, BUNDLE_TRUNCATED, BUNDLE_FORMAT
 */
export async function readEntries(file: PartedFile, path: string): Promise<Entry[]> {
  const { size } = file
  const entries: Entry[] = []
  const truncated = (why: string) =>
    new SealiftError('BUNDLE_TRUNCATED', `${path} is not whole`, {
      why,
      fix: 'carry it over again, and compare its size with the sender',
    })
  await refuseOtherFormats(file, path)
  for (let at = 0; ; ) {
    const block = await readExactly(file, at, record)
    if (!block) throw truncated(`it ends after ${size} bytes, without its end marker`)
    const header = readHeader(block)
    if (!header) {
      if (at + endMarker !== size)
        throw size < at + endMarker
          ? truncated('its end marker is cut')
          : foreign(path, 'there is something behind its end')
      break
    }
    const entry = { name: header.name, size: header.size, offset: at + record }
    at = behind(entry)
    if (at > size) throw truncated(`${entry.name} would end at byte ${entry.offset + entry.size}, the file at ${size}`)
    if (entries.push(entry) > limits.tarEntries) throw foreign(path, `it has more than ${limits.tarEntries} entries`)
  }
  checkOrder(entries, path)
  return entries
}

const foreign = (path: string, why: string) => new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why })

async function refuseOtherFormats(file: PartedFile, path: string): Promise<void> {
  const start = await readExactly(file, 0, 4)
  const fix = 'pass the file as the vendor made it: bundles are never compressed'
  if (!start) throw new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why: 'it is empty, or nearly so' })
  if (start.readUInt16BE(0) === 0x1f8b)
    throw new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why: 'it is compressed with gzip', fix })
  if (start.readUInt32LE(0) === 0xfd2fb528)
    throw new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why: 'it is compressed with zstd', fix })
}

function checkOrder(entries: Entry[], path: string): void {
  const [layout, index, signature, ...blobs] = entries
  if (layout?.name !== names.layout || layout.size !== layoutDocument.length)
    throw foreign(path, 'it does not begin with oci-layout')
  if (index?.name !== names.index) throw foreign(path, 'it has no index.json')
  if (signature?.name !== names.signature)
    throw new SealiftError('BUNDLE_UNSIGNED', `${path} is not signed`, {
      why: `it has no ${names.signature}`,
      fix: 'ask the vendor for the signed bundle',
    })
  let previous = names.signature as string
  for (const [i, blob] of blobs.entries()) {
    if (!blob.name.startsWith('blobs/') || (i > 0 && blob.name <= previous))
      throw foreign(path, `${blob.name} stands twice or at the wrong place`)
    previous = blob.name
  }
}

/** Reads `length` bytes at an offset; undefined where the file ends before. */
export async function readExactly(
  file: Pick<PartedFile, 'read'>,
  offset: number,
  length: number,
): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length)
  for (let have = 0; have < length; ) {
    const { bytesRead } = await file.read(buffer, have, length - have, offset + have)
    if (bytesRead === 0) return undefined
    have += bytesRead
  }
  return buffer
}
