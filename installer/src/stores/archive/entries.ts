import { posix } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { names } from '@sealift/bundle-spec/tar.ts'
import { decodeHeader, isZeros, record } from '@sealift/bundle-spec/ustar.ts'
import { type Readable, readExactly } from '../read-exactly.ts'
import { recordsOf } from '../records.ts'
import { lookAt } from '../seems.ts'

/** Where a file of an archive lies, in bytes from the start. */
export interface ArchiveFile {
  offset: number
  size: number
}

/** says which images an archive has, and what is theirs */
export const manifestName = 'manifest.json'

/** bytes of an extended header that are looked at */
const extensionLimit = 64 * 1024

/**
 * Reads the headers of a tar that `docker save`, podman or skopeo wrote. Nothing is unpacked: names only serve to find
 * what manifest.json asks for. Links are followed once and inside the archive only (`docker save` names a layer that two
 * images share by a link); devices, sparse files and long names are refused.
 * @throws SealiftError STORAGE_ARCHIVE
 */
export async function readArchive(
  file: Readable,
  size: number,
  path: string,
): Promise<ReadonlyMap<string, ArchiveFile>> {
  const bad = (why: string, details?: { fix: string }) => notAnArchive(path, why, details)
  const files = new Map<string, ArchiveFile>()
  const links = new Map<string, string>()
  const records = recordsOf(file)
  let entries = 0
  for (let at = 0; ; ) {
    const block = await records(at)
    if (at > 0 && block && isZeros(block)) break
    if (++entries > limits.tarEntries) throw bad(`it has more than ${limits.tarEntries} entries`)
    const header = block && decodeHeader(block)
    if (!header && at === 0) throw await foreign(file, path)
    if (!block) throw bad('it ends without its end marker')
    if (!header) throw bad('one of its headers is damaged')
    const { name, size: length, type } = header
    const offset = at + record
    const next = offset + Math.ceil(length / record) * record
    if (offset + length > size) throw bad(`${name.slice(0, 100)} would end behind the end of the file`)
    const key = posix.normalize(name)
    if (isLink(type) && length > 0) throw bad(`${name.slice(0, 100)} is a link with content`)
    if (isFile(type)) {
      if (files.has(key) || links.has(key)) throw bad(`it has ${key} twice`)
      files.set(key, { offset, size: length })
    } else if (isLink(type)) {
      const target = header.linkName
      links.set(key, posix.normalize(type === '1' ? target : posix.join(posix.dirname(key), target)))
    } else if (type === 'x' || type === 'g') {
      const text = length <= extensionLimit ? await readExactly(file, offset, length) : undefined
      if (!text || /^\d+ (path|linkpath|size|GNU\.sparse[^=]*)=/m.test(text.toString('latin1')))
        throw bad('it has names or sizes in extended headers')
    } else if (type !== '5') throw bad(`${name.slice(0, 100)} is of the kind ${JSON.stringify(type)}`)
    at = next
  }
  for (const [name, target] of links) {
    const there = files.get(target)
    if (there && !files.has(name)) files.set(name, there)
  }
  if (!files.has(manifestName) && files.has(names.layout))
    throw bad(`it has no ${manifestName}: it is an OCI layout in a tar, as a bundle is`, {
      fix: `bundle:${path}:REFERENCE, or unpack it: oci-layout:DIRECTORY:NAME`,
    })
  if (!files.has(manifestName)) throw await foreign(file, path)
  return files
}

/** What there is instead of an archive of docker, which any tar with this file is. */
async function foreign(file: Readable, path: string): Promise<SealiftError> {
  const { what, fix } = await lookAt(file)
  return notAnArchive(path, `${what}; an archive of docker save is an uncompressed tar with ${manifestName}`, { fix })
}

const isFile = (type: string): boolean => type === '0' || type === '7'
const isLink = (type: string): boolean => type === '1' || type === '2'

/** What a file that should come from `docker save` is not. */
export const notAnArchive = (
  path: string,
  why: string,
  { fix, cause }: { fix?: string | undefined; cause?: unknown } = {},
): SealiftError =>
  new SealiftError('STORAGE_ARCHIVE', `${path} is not a docker archive that can be used`, {
    why,
    fix: fix ?? `docker save -o ${path} IMAGE:TAG, or: skopeo copy docker://IMAGE:TAG docker-archive:${path}:IMAGE:TAG`,
    cause,
  })
