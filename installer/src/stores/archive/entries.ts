import type { FileHandle } from 'node:fs/promises'
import { posix } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { record } from '@sealift/bundle-spec/tar.ts'
import { Header } from 'tar/header'

/** Where a file of an archive lies, in bytes from the start. */
export interface ArchiveFile {
  offset: number
  size: number
}

/** bytes of an extended header that are looked at */
const extensionLimit = 64 * 1024

/**
 * Reads the headers of a tar that `docker save`, podman or skopeo wrote. Nothing is unpacked: names only serve to find
 * what manifest.json asks for. Links are followed once and inside the archive only (`docker save` names a layer that two
 * images share by a link); devices, sparse files and long names are refused.
 * @throws SealiftError STORAGE_ARCHIVE
 */
export async function readArchive(file: FileHandle, path: string): Promise<ReadonlyMap<string, ArchiveFile>> {
  const { size } = await file.stat()
  const bad = (why: string) => notAnArchive(path, why)
  const files = new Map<string, ArchiveFile>()
  const links = new Map<string, string>()
  let entries = 0
  for (let at = 0; ; ) {
    const block = await readExactly(file, at, record)
    if (!block) throw bad('it ends without its end marker')
    if (at === 0 && block.readUInt16BE(0) === 0x1f8b) throw bad('it is compressed: gunzip it first')
    if (block.every((byte) => byte === 0)) break
    if (++entries > limits.tarEntries) throw bad(`it has more than ${limits.tarEntries} entries`)
    const header = new Header(block)
    const { path: name, size: length = 0, type } = header
    if (!header.cksumValid || name === undefined || !Number.isSafeInteger(length) || length < 0)
      throw bad('one of its headers is damaged')
    const offset = at + record
    const next = offset + Math.ceil(length / record) * record
    if (offset + length > size) throw bad(`${name.slice(0, 100)} would end behind the end of the file`)
    const key = posix.normalize(name)
    if (type === 'File' || type === 'OldFile' || type === 'ContiguousFile') {
      if (files.has(key) || links.has(key)) throw bad(`it has ${key} twice`)
      files.set(key, { offset, size: length })
    } else if (type === 'SymbolicLink' || type === 'Link') {
      const target = header.linkpath ?? ''
      links.set(key, posix.normalize(type === 'Link' ? target : posix.join(posix.dirname(key), target)))
    } else if (type === 'ExtendedHeader' || type === 'GlobalExtendedHeader') {
      const text = length <= extensionLimit ? await readExactly(file, offset, length) : undefined
      if (!text || /^\d+ (path|linkpath|size|GNU\.sparse[^=]*)=/m.test(text.toString('latin1')))
        throw bad('it has names or sizes in extended headers')
    } else if (type !== 'Directory') throw bad(`${name.slice(0, 100)} is of the kind ${type}`)
    at = next
  }
  for (const [name, target] of links) {
    const there = files.get(target)
    if (there && !files.has(name)) files.set(name, there)
  }
  return files
}

/** What a file that should come from `docker save` is not. */
export const notAnArchive = (path: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('STORAGE_ARCHIVE', `${path} is not a docker archive that can be used`, {
    why,
    fix: `docker save -o ${path} IMAGE:TAG, or: skopeo copy docker://IMAGE:TAG docker-archive:${path}:IMAGE:TAG`,
    cause,
  })

/** Reads `length` bytes at an offset; undefined where the file ends before. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length)
  for (let have = 0; have < length; ) {
    const { bytesRead } = await file.read(buffer, have, length - have, offset + have)
    if (bytesRead === 0) return undefined
    have += bytesRead
  }
  return buffer
}
