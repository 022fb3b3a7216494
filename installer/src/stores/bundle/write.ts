import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Graph } from '@sealift/bundle-spec/graph.ts'
import type { Bytes, ContentSink, WriteOptions, WriteOutcome } from '@sealift/bundle-spec/store.ts'
import { blobName, type Entry, headerOf, layOut, layoutDocument } from '@sealift/bundle-spec/tar.ts'
import { damaged } from '@sealift/bundle-spec/verify.ts'
import { giveBack } from '../chunk-memory.ts'
import { takeLock } from '../lock.ts'
import { checkTarget } from '../target.ts'
import { growingHashes } from './hash-growing.ts'
import { openJournal, readJournal } from './write-journal.ts'
import { syncDirectory } from './write-part.ts'

/** A bundle that is being written. */
export interface BundleWriter extends ContentSink {
  /** bytes that the file will have */
  size: number
  /** bytes of blobs, whole or begun, that an earlier, interrupted run left */
  resumed: number
  held(descriptor: { digest: string; size: number }): number
  /** Makes the file durable and gives it its name. */
  finish(): Promise<void>
  /** Closes what is open and keeps the partial file for the next run. */
  close(): Promise<void>
}

/**
 * Starts or resumes a bundle at `path`: the whole file is laid out first, as `path.partial`, then filled in any order.
 * `path.partial.journal` names the layout and how much of each blob is on disk. Blobs are proven from the file.
 * @throws SealiftError STORAGE_FULL before the first byte where the disk cannot hold it, STORAGE_LOCKED where another
 * process writes the same bundle, STORAGE_WRITE
 */
export async function writeBundle(
  path: string,
  graph: Graph,
  index: Uint8Array,
  signature: Uint8Array,
): Promise<BundleWriter> {
  const directory = dirname(path)
  checkTarget(path)
  const unlock = await takeLock(directory, `.${basename(path)}.lock`, {
    busy: (holder) =>
      new SealiftError('STORAGE_LOCKED', `${path} is being written by another process`, {
        why: `a build to the same file is under way on this machine${holder === undefined ? '' : ` (process ${holder})`}`,
        fix: 'wait for it, or pass another path: --out PATH',
      }),
  })
  let file: FileHandle | undefined
  try {
    const blobs = graph.nodes.map((node) => node.descriptor)
    const layout = layOut(index.length, signature.length, blobs)
    const partial = `${path}.partial`
    const journalPath = `${partial}.journal`
    const identity = createHash('sha256').update(index).update(signature).update(JSON.stringify(layout)).digest('hex')
    const there = await stat(partial).catch(() => undefined)
    const known = there?.size === layout.size ? await readJournal(journalPath, identity) : undefined
    if (!known) {
      await rm(journalPath, { force: true })
      await rm(partial, { force: true })
    }
    const left = new Map(known?.lines)
    const resumed = blobs.reduce((sum, blob) => sum + bytesOf(left.get(blob.digest), blob.size), 0)
    await assertSpace(directory, layout.size - resumed)
    file = await open(partial, known ? 'r+' : 'wx+', 0o644)
    await file.truncate(layout.size)
    const small = [layoutDocument, index, signature]
    for (const [i, { name, size, offset }] of layout.entries.entries()) {
      const content = small[i]
      const header = headerOf(name, size)
      writeAt(file.fd, content ? Buffer.concat([header, content]) : header, offset - header.length)
    }
    const journal = await openJournal(journalPath, identity, file, known?.length)
    const finished = new Set(blobs.map(({ digest }) => digest).filter((digest) => left.get(digest) === 'ok'))
    const held = ({ digest, size }: { digest: string; size: number }) => bytesOf(left.get(digest), size)
    const fd = file.fd
    const handle = file
    const hashes = growingHashes(fd, layout.size)
    const entries = new Map(layout.entries.map((entry) => [entry.name, entry]))
    const entryOf = (digest: string) => entries.get(blobName(digest)) as Entry
    const release = async () => {
      await Promise.allSettled([hashes.close(), journal.close()])
      await handle.close()
      unlock()
    }

    return {
      origin: `bundle ${path}`,
      proves: true,
      size: layout.size,
      resumed,
      held,
      async resolve(reference) {
        throw new SealiftError('STORAGE_NOT_FOUND', `${partial} has no names yet, so not ${reference}`)
      },
      async has(_repository, descriptor) {
        return finished.has(descriptor.digest)
      },
      async open(_repository, descriptor, range): Promise<Bytes> {
        const { offset, size } = entryOf(descriptor.digest)
        return handle.createReadStream({
          start: offset + (range?.start ?? 0),
          end: offset + (range?.end ?? size) - 1,
          autoClose: false,
        })
      },
      async write(_repository, descriptor, source, options: WriteOptions = {}): Promise<WriteOutcome> {
        const { digest, size } = descriptor
        if (finished.has(digest)) return 'present'
        const { offset } = entryOf(digest)
        let from: Bytes | undefined
        const wrong = (why: string) => {
          journal.forget(digest)
          return from?.blame?.(why) ?? damaged(descriptor, options.origin ?? 'the source', why)
        }
        for (let start = held(descriptor), attempt = 1; ; start = 0, attempt++) {
          const hash = hashes.begin(offset, start, size)
          let at = start
          try {
            from = start < size || size === 0 ? await source(start) : undefined
            for await (const chunk of from ?? []) {
              if (at + chunk.length > size) throw wrong(`it is longer than the ${size} bytes announced`)
              writeAt(fd, chunk, offset + at)
              at += chunk.length
              hash.grew(chunk)
              journal.wrote(digest, at)
              options.onBytes?.(chunk.length)
              giveBack(chunk)
            }
            if (at < size) throw wrong(`it ends after ${at} of ${size} bytes`)
          } catch (error) {
            hash.drop()
            throw error
          }
          if (`sha256:${await hash.digest()}` === digest) break
          const failure = wrong('its SHA-256 is another one')
          // the damage may be in what an earlier run left, or in one of several sources
          if (attempt === 2) throw failure
        }
        finished.add(digest)
        journal.finish(digest)
        return 'sent'
      },
      // the signed index holds the names, and it is in the layout already
      async tag() {},
      async finish() {
        await journal.flush()
        await handle.sync()
        await rename(partial, path)
        await syncDirectory(directory)
        await rm(journalPath, { force: true })
        await release()
      },
      async close() {
        await journal.flush().catch(() => {})
        await release()
      },
    }
  } catch (error) {
    await file?.close()
    unlock()
    throw error
  }
}

/** Bytes of a blob that a line of the journal stands for. */
const bytesOf = (line: number | 'ok' | undefined, size: number): number =>
  line === 'ok' ? size : Math.min(line ?? 0, size)

async function assertSpace(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (needed > bavail * bsize)
    throw new SealiftError('STORAGE_FULL', `${directory} has too little free space`, {
      why: `the bundle needs ${needed} bytes more, ${bavail * bsize} are free`,
      fix: 'pass a path on a larger disk: --out PATH',
    })
}

/**
 * Writes and waits for it. A chunk goes to the kernel's memory, which takes less time than handing it to a thread and
 * back and cleaning up after that: an eighth of the CPU time of a build.
 */
function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let have = 0; have < bytes.length; ) {
    try {
      have += writeSync(fd, bytes, have, bytes.length - have, position + have)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'ENOSPC')
        throw new SealiftError('STORAGE_FULL', 'the disk is full', {
          fix: 'free space, then run the same command again: it goes on',
          cause,
        })
      throw new SealiftError('STORAGE_WRITE', 'the bundle cannot be written', { why: code, cause })
    }
  }
}
