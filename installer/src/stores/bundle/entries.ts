import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { behind, type Entry, endMarker, layoutDocument, names, readHeader, record } from '@sealift/bundle-spec/tar.ts'
import { readUpTo } from '../read-exactly.ts'
import { recordsOf } from '../records.ts'
import { lookAt } from '../seems.ts'
import type { PartedFile } from './parted-file.ts'

/** What a bundle begins with. */
export interface Beginning {
  index: Entry
  signature: Entry
  /** Reads the other headers. @returns all entries, these ones too */
  rest(): Promise<Entry[]>
}

/** the first bytes: the name of the first entry */
const start = Buffer.from(`${names.layout}\0`)

/**
 * Reads the headers of a bundle as far as its signature, and no content but oci-layout. Whoever has verified the signature
 * reads on. The order is fixed (SPEC.md, "File"), so each name can stand only once.
 * @throws SealiftError BUNDLE_FORMAT, BUNDLE_ENTRY, BUNDLE_TRUNCATED, BUNDLE_UNSIGNED; `rest` also BUNDLE_LIMIT
 */
export async function beginBundle(file: PartedFile, path: string): Promise<Beginning> {
  if (!(await readUpTo(file, 0, start.length)).equals(start)) {
    const { what, fix = 'name the bundle as the vendor made it' } = await lookAt(file)
    throw foreign(path, `${what}; a bundle is a tar, never compressed, that begins with ${names.layout}`, fix)
  }
  const next = entriesOf(file, path)
  const layout = (await next()) as Entry
  if (!(await readUpTo(file, layout.offset, layout.size)).equals(layoutDocument))
    throw foreign(path, `its ${names.layout} is another version`)
  const index = await next()
  if (index?.name !== names.index) throw foreign(path, `it has no ${names.index} where a bundle has it`)
  const signature = await next()
  if (signature?.name !== names.signature)
    throw new SealiftError('BUNDLE_UNSIGNED', `${path} is not signed`, {
      why: `it has no ${names.signature}`,
      fix: 'ask the vendor for the signed bundle',
    })
  return {
    index,
    signature,
    async rest() {
      const entries = [layout, index, signature]
      for (let entry = await next(); entry; entry = await next()) {
        const previous = entries.at(-1) as Entry
        if (!entry.name.startsWith('blobs/') || (entries.length > 3 && entry.name <= previous.name))
          throw foreign(path, `${entry.name} stands twice or at the wrong place`)
        if (entries.push(entry) > limits.tarEntries)
          throw new SealiftError('BUNDLE_LIMIT', `${path} has more than ${limits.tarEntries} entries`)
      }
      return entries
    },
  }
}

/** Reads all headers of a bundle, for whoever does not believe it anyway. @throws SealiftError as `beginBundle` */
export const readEntries = async (file: PartedFile, path: string): Promise<Entry[]> =>
  (await beginBundle(file, path)).rest()

/** Gives one entry after the other, undefined behind the last one. */
function entriesOf(file: PartedFile, path: string): () => Promise<Entry | undefined> {
  const { size } = file
  const records = recordsOf(file)
  let at = 0
  return async () => {
    const block = await records(at)
    if (!block) throw truncated(path, `it ends after ${size} bytes, without its end marker`)
    const header = readHeader(block)
    if (!header) {
      if (size < at + endMarker) throw truncated(path, 'its end marker is cut')
      if (size > at + endMarker) throw foreign(path, 'there is something behind its end')
      return undefined
    }
    const entry = { ...header, offset: at + record }
    at = behind(entry)
    if (at > size)
      throw truncated(path, `${entry.name} would end at byte ${entry.offset + entry.size}, the file at ${size}`)
    return entry
  }
}

const foreign = (path: string, why: string, fix?: string) =>
  new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why, fix })

const truncated = (path: string, why: string) =>
  new SealiftError('BUNDLE_TRUNCATED', `${path} is not whole`, {
    why,
    fix: 'carry it over again, and compare its size with the sender',
  })
