import { SealiftError } from './error.ts'
import { decodeHeader, encodeHeader, isZeros, record } from './ustar.ts'

/** A file in a bundle: where its bytes lie in the tar, in bytes from the start. */
export interface Entry {
  name: string
  offset: number
  size: number
}

export { record } from './ustar.ts'

/** A tar ends with two records of zeros; ours has nothing behind them. */
export const endMarker = 2 * record

const padded = (size: number): number => Math.ceil(size / record) * record

/**
 * The only header that a bundle may hold for a name and size: a regular file, mode 0644, owner 0, time 0. A reader
 * encodes what it expects and compares all 512 bytes, so extensions, links, devices and odd numbers have no way in.
 * @throws SealiftError BUNDLE_ENTRY for a name that does not fit
 */
export function headerOf(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100)
    throw new SealiftError('BUNDLE_ENTRY', `a name is too long for a bundle: ${name.slice(0, 80)}`)
  return encodeHeader(name, size)
}

/**
 * Reads the header of the next entry.
 * @returns undefined at the end marker's first record
 * @throws SealiftError BUNDLE_ENTRY where the header is not exactly what a bundle may hold
 */
export function readHeader(block: Buffer): { name: string; size: number } | undefined {
  if (isZeros(block)) return undefined
  const foreign = (why: string) =>
    new SealiftError('BUNDLE_ENTRY', 'the file holds an entry that a bundle does not have', {
      why,
      fix: 'carry the original file: a bundle must not be unpacked and packed again',
    })
  const header = decodeHeader(block)
  if (!header) throw foreign('its header is damaged, or is none')
  const { name, size } = header
  if (!isEntryName(name)) throw foreign('its name is not one of ours')
  if (!headerOf(name, size).equals(block)) throw foreign(`its header is not the plain one (${name})`)
  return { name, size }
}

export const names = { layout: 'oci-layout', index: 'index.json', signature: 'index.json.sigstore.json' } as const

/** Content of the file `oci-layout` (OCI image-spec, image-layout.md). */
export const layoutDocument = Buffer.from('{"imageLayoutVersion":"1.0.0"}')

const blobPattern = /^blobs\/sha256\/[0-9a-f]{64}$/
const isEntryName = (name: string): boolean =>
  name === names.layout || name === names.index || name === names.signature || blobPattern.test(name)

export const blobName = (digest: string): string => `blobs/sha256/${digest.slice(7)}`
/** The digest that a blob's name stands for. */
export const digestOfName = (name: string): string => `sha256:${name.slice('blobs/sha256/'.length)}`

/**
 * Lays out a bundle: `oci-layout`, index, signature, then blobs in the order of their digests, headers between, the end
 * marker last. Sizes alone decide it, so a writer can fill the file in any order.
 */
export function layOut(
  index: number,
  signature: number,
  blobs: readonly { digest: string; size: number }[],
): { entries: Entry[]; size: number } {
  const files = [
    { name: names.layout as string, size: layoutDocument.length },
    { name: names.index as string, size: index },
    { name: names.signature as string, size: signature },
    ...blobs
      .map((blob) => ({ name: blobName(blob.digest), size: blob.size }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ]
  let at = 0
  const entries = files.map(({ name, size }) => {
    const entry = { name, size, offset: at + record }
    at = entry.offset + padded(size)
    return entry
  })
  return { entries, size: at + endMarker }
}

/** Where the entry after this one begins (its header), in bytes from the start. */
export const behind = (entry: Entry): number => entry.offset + padded(entry.size)
