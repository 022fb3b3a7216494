import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { blobName, endMarker, headerOf, layoutDocument, names, record } from '@sealift/bundle-spec/tar.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { syncDirectory } from '../../stores/bundle/write-part.ts'
import { writeFailure } from '../../stores/write-failure.ts'
import type { BackupDocument } from '../document.ts'
import { backupType, documentType, encrypted, type Part, parts } from '../media-types.ts'
import { type Protection, type Sink, sealing } from './seal.ts'

/** A backup that is being written. */
export interface BackupWriter {
  /** Puts a part into it, encrypted where that was asked for. */
  add(part: Part, write: (sink: Pick<Sink, 'write'>) => Promise<void>): Promise<void>
}

/** bytes that are written at once: a dump comes in pieces of some kilobytes, and each write costs the same */
const blockSize = 1 << 20

/** A name that each run in a directory uses: what one that was killed left there is written over. */
export const partialName = (namespace: string): string => `${namespace}.backup.partial`

/**
 * Writes a backup: an OCI image layout in a tar, of whose parts neither size nor digest is known before they are written, so
 * `index.json` is the last file. It gets its name when all of it is on the disk; nothing is left of one that fails.
 * @returns the digest of its manifest, and bytes of the file
 * @throws SealiftError STORAGE_FULL, STORAGE_WRITE; what `fill` throws
 */
export async function writeBackup(
  {
    directory,
    name,
    partial,
    protection,
  }: { directory: string; name: string; partial: string; protection?: Protection | undefined },
  fill: (writer: BackupWriter) => Promise<BackupDocument>,
): Promise<{ id: string; size: number }> {
  const unfinished = path.join(directory, partial)
  const finished = path.join(directory, name)
  const seal = protection && (await sealing(protection))
  try {
    // a new file: one that is there may be another user's, or readable for others
    await rm(unfinished, { force: true })
    const file = await open(unfinished, 'wx', 0o600)
    try {
      const tar = tarWriter(file)
      await tar.add(names.layout, layoutDocument)
      const layers: Descriptor[] = []
      const document = await fill({
        async add(part, write) {
          const mediaType = seal ? encrypted(parts[part]) : parts[part]
          layers.push({ mediaType, ...(await tar.stream(write, seal)) })
        },
      })
      const config = await tar.blob(documentType, toJson(document))
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, artifactType: backupType, config, layers }
      const entry = await tar.blob(mediaTypes.manifest, toJson(manifest))
      const index = {
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [{ ...entry, artifactType: backupType }],
      }
      await tar.add(names.index, toJson(index))
      const size = await tar.end()
      await file.sync()
      await file.close()
      await rename(unfinished, finished)
      await syncDirectory(directory)
      return { id: entry.digest, size }
    } finally {
      // a second time does nothing
      await file.close()
    }
  } catch (cause) {
    await rm(unfinished, { force: true })
    throw writeFailure(finished, cause)
  }
}

function tarWriter(file: FileHandle) {
  let at = 0
  const put = async (bytes: Uint8Array) => {
    for (let have = 0; have < bytes.length; )
      have += (await file.write(bytes, have, bytes.length - have, at + have)).bytesWritten
    at += bytes.length
  }
  const pad = (size: number) => put(Buffer.alloc(-size & (record - 1)))
  const add = async (name: string, bytes: Uint8Array) => {
    await put(headerOf(name, bytes.length))
    await put(bytes)
    await pad(bytes.length)
  }
  return {
    add,
    async blob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
      const digest = digestOf(bytes)
      await add(blobName(digest), bytes)
      return { mediaType, digest, size: bytes.length }
    },
    /** Of a size that is known when all of it is there: the header comes last. */
    async stream(
      write: (sink: Pick<Sink, 'write'>) => Promise<void>,
      seal: ((into: Sink) => Sink) | undefined,
    ): Promise<Pick<Descriptor, 'digest' | 'size'>> {
      const header = at
      const hash = createHash('sha256')
      at += record
      let size = 0
      const block = Buffer.allocUnsafe(blockSize)
      let holds = 0
      const flush = async () => {
        const bytes = block.subarray(0, holds)
        hash.update(bytes)
        await put(bytes)
        holds = 0
      }
      const plain: Sink = {
        async write(chunk) {
          size += chunk.length
          for (let taken = 0; taken < chunk.length; ) {
            const part = chunk.subarray(taken, taken + blockSize - holds)
            block.set(part, holds)
            taken += part.length
            holds += part.length
            if (holds === blockSize) await flush()
          }
        },
        end: flush,
      }
      const sink = seal ? seal(plain) : plain
      await write(sink)
      await sink.end()
      await pad(size)
      const digest = `sha256:${hash.digest('hex')}`
      await file.write(headerOf(blobName(digest), size), 0, record, header)
      return { digest, size }
    },
    async end(): Promise<number> {
      await put(Buffer.alloc(endMarker))
      return at
    },
  }
}
