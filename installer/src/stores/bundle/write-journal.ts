import { type FileHandle, open, readFile } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** What is on disk of a bundle that is being written, noted blob by blob. */
export interface WriteJournal {
  /** Takes note that the first `size` bytes of a blob have been written: they are not proven. */
  wrote(digest: string, size: number): void
  /** Takes note that all of it has been written, and proven. */
  finish(digest: string): void
  /** Takes note that what was written is not what it should be. */
  forget(digest: string): void
  /** Makes all of which it has taken note durable, then writes it down. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** bytes and milliseconds of work that a crash may cost */
const mostLost = { bytes: 16 << 20, time: 500 }
/** the only lines that count: `<digest> <bytes>` or `<digest> ok` */
const linePattern = /^(sha256:[0-9a-f]{64}) (\d{1,15}|ok)$/

/**
 * Reads the journal of a partial file: the last line for each blob, and how many bytes of it are whole lines. Undefined
 * where it is missing or is not of this layout, which its first line names. Whatever lines a crash leaves are true; the
 * first that is torn ends them.
 */
export async function readJournal(path: string, identity: string) {
  const text = await readFile(path, 'latin1').catch(() => '')
  if (!text.startsWith(`${identity}\n`)) return undefined
  const lines = new Map<string, number | 'ok'>()
  let length = identity.length + 1
  for (let end = text.indexOf('\n', length); end >= 0; end = text.indexOf('\n', length)) {
    const [, digest, what] = linePattern.exec(text.slice(length, end)) ?? []
    if (digest === undefined) break
    lines.set(digest, what === 'ok' ? 'ok' : Number(what))
    length = end + 1
  }
  return { lines, length }
}

/**
 * Begins a journal, or goes on with one behind its `length` good bytes. A line is written only after the data that it
 * speaks of has been synced. Blobs that grow at the same time share a sync, which runs beside the work.
 */
export async function openJournal(
  path: string,
  identity: string,
  file: FileHandle,
  length?: number,
): Promise<WriteJournal> {
  const journal = await open(path, length === undefined ? 'wx' : 'r+', 0o600)
  let end = length ?? 0
  const append = async (text: string) => {
    end += (await journal.write(text, end)).bytesWritten
  }
  await file.datasync()
  // a torn line must not become part of the next
  await journal.truncate(end)
  if (length === undefined) await append(`${identity}\n`)
  await journal.datasync()

  let noted = new Map<string, number | 'ok'>()
  const sizes = new Map<string, number>()
  let unsynced = 0
  let last = performance.now()
  let running: Promise<void> | undefined
  let failure: SealiftError | undefined

  async function checkpoint(): Promise<void> {
    const lines = noted
    noted = new Map()
    unsynced = 0
    if (lines.size > 0) {
      await file.datasync()
      await append([...lines].map(([digest, what]) => `${digest} ${what}\n`).join(''))
      await journal.datasync()
    }
    last = performance.now()
  }

  function note(digest: string, what: number | 'ok'): void {
    if (failure) throw failure
    noted.set(digest, what)
    if (running || (unsynced < mostLost.bytes && performance.now() - last < mostLost.time)) return
    running = checkpoint()
      .catch((cause) => {
        failure ??= new SealiftError('STORAGE_WRITE', 'the bundle cannot be made durable', {
          why: (cause as NodeJS.ErrnoException).code,
          fix: 'look at the disk, then run the same command again: it goes on',
          cause,
        })
      })
      .finally(() => {
        running = undefined
      })
  }

  return {
    wrote(digest, size) {
      unsynced += size - (sizes.get(digest) ?? 0)
      sizes.set(digest, size)
      note(digest, size)
    },
    finish: (digest) => note(digest, 'ok'),
    forget(digest) {
      sizes.delete(digest)
      note(digest, 0)
    },
    async flush() {
      await running
      if (failure) throw failure
      await checkpoint()
    },
    async close() {
      await running
      await journal.close()
    },
  }
}
