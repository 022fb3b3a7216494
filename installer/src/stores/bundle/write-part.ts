import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Part } from '@sealift/bundle-spec/parts.ts'
import { checkReplaceable } from '../target.ts'
import { writeFailure } from '../write-failure.ts'
import { hashPieces } from './hash-pool.ts'
import { openRegularFile, type PartedFile } from './parted-file.ts'

/** bytes of one read and write */
const chunkSize = 4 << 20

/**
 * Copies the bytes of a part into a file of its own, which gets its name when it is whole and durable.
 * @throws SealiftError STORAGE_FULL, STORAGE_WRITE, BUNDLE_CONTENT where the bytes are not those that were hashed before
 */
export async function copyPart(
  from: PartedFile,
  offset: number,
  part: Part,
  path: string,
  options: { signal?: AbortSignal | undefined; onBytes: (bytes: number) => void },
): Promise<void> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafeSlow(chunkSize)
  await written(path, async (file) => {
    for (let at = 0; at < part.size; ) {
      options.signal?.throwIfAborted()
      const { bytesRead } = await from.read(buffer, 0, Math.min(chunkSize, part.size - at), offset + at)
      if (bytesRead === 0) throw new SealiftError('BUNDLE_TRUNCATED', 'the bundle was cut while it was read')
      const bytes = buffer.subarray(0, bytesRead)
      hash.update(bytes)
      await writeAll(file, bytes)
      at += bytesRead
      options.onBytes(bytesRead)
    }
    if (`sha256:${hash.digest('hex')}` !== part.digest)
      throw new SealiftError('BUNDLE_CONTENT', `the bytes of ${path} changed while they were copied`, {
        fix: 'check the disk that the bundle is on',
      })
  })
}

/** Writes a small file as a whole. @throws SealiftError STORAGE_FULL, STORAGE_WRITE */
export const replaceFile = (path: string, bytes: Uint8Array): Promise<void> =>
  written(path, (file) => writeAll(file, bytes))

/** Whether a file holds exactly the bytes of a part. */
export async function holds(path: string, part: Part, signal?: AbortSignal): Promise<boolean> {
  const file = await openRegularFile(path).catch(() => undefined)
  if (!file) return false
  try {
    let found = ''
    const piece = { size: part.size, segments: [{ fd: file.handle.fd, offset: 0, size: part.size }] }
    if (file.size === part.size) await hashPieces([piece], (_, hex) => (found = `sha256:${hex}`), { signal })
    return found === part.digest
  } finally {
    await file.handle.close()
  }
}

/** @throws SealiftError STORAGE_FULL, STORAGE_WRITE */
export async function assertRoom(path: string, needed: number): Promise<void> {
  const directory = dirname(path)
  const { bavail, bsize } = await statfs(directory).catch((cause) => {
    throw new SealiftError('STORAGE_WRITE', `${directory} cannot be written`, { fix: `mkdir -p ${directory}`, cause })
  })
  if (needed > bavail * bsize)
    throw new SealiftError('STORAGE_FULL', `${directory} has too little free space`, {
      why: `the parts need ${needed} bytes more, ${bavail * bsize} are free`,
      fix: 'write them to a larger disk: --out PATH; or cut the file itself up: --move, which needs one part',
    })
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

/** A file that gets its name when `write` is done and all is on disk; nothing is left of it where that fails. */
async function written(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`
  try {
    checkReplaceable(path)
    await rm(partial, { force: true })
    const file = await open(partial, 'wx', 0o644)
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {})
    throw writeFailure(path, cause, '--part-size 4GB')
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let have = 0; have < bytes.length; ) have += (await file.write(bytes, have)).bytesWritten
}
