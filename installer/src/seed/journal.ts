import { createHash } from 'node:crypto'
import { closeSync, fdatasync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { UploadJournal } from '../stores/registry/upload-journal.ts'
import { lockState } from '../stores/state-lock.ts'

/** One line: an upload that goes on at `location`, or (without one) an upload that is of no use any more. */
interface Entry {
  blob: string
  location?: string
  offset?: number
}

export interface SeedJournal extends UploadJournal {
  /** Bytes that earlier runs had sent and that were not sent again. */
  readonly resumedBytes: number
  /** Ends it; one without open uploads is removed. */
  close(): void
}

/** bytes of a journal that is read: one that has grown beyond is of no use */
const mostBytes = 16 << 20

/** `$XDG_STATE_HOME/sealift/seed`, by default below ~/.local/state. */
export const defaultSeedState = (env: NodeJS.ProcessEnv): string =>
  path.join(env.XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'sealift', 'seed')

/**
 * Opens the journal of seeding one bundle into one registry and takes its lock. Uploads that an earlier run left are in
 * it. Only hints stand there: a journal that is damaged, old or gone costs bytes, never correctness.
 * @throws SealiftError USAGE_LOCKED, STORAGE_STATE
 */
export async function openSeedJournal(
  stateDir: string,
  registry: string,
  bundleDigest: string,
  wait?: number,
): Promise<SeedJournal> {
  const key = createHash('sha256').update(`${registry}\n${bundleDigest}`).digest('hex').slice(0, 24)
  const directory = path.join(stateDir, key)
  const file = path.join(directory, 'uploads.jsonl')
  try {
    const release = await lockState(directory, `another seed of this bundle to ${registry}`, wait)
    try {
      return journalIn(file, readEntries(file), release)
    } catch (error) {
      release()
      throw error
    }
  } catch (cause) {
    if (cause instanceof SealiftError) throw cause
    throw new SealiftError('STORAGE_STATE', `the state directory ${stateDir} cannot be used`, {
      why: (cause as Error).message,
      fix: 'name another one: --state-dir DIR',
      cause,
    })
  }
}

function journalIn(file: string, open: Map<string, Entry>, release: () => void): SeedJournal {
  // what counts of the old lines, in a new file: it never grows over many runs
  const fresh = `${file}.new`
  const fd = openSync(fresh, 'w', 0o600)
  for (const entry of open.values()) writeSync(fd, `${JSON.stringify(entry)}\n`)
  renameSync(fresh, file)
  const earlier = new Map(open)
  let resumedBytes = 0
  let syncing = false
  let dirty = false
  let closed = false
  const sync = () => {
    if (syncing || closed) {
      dirty = true
      return
    }
    syncing = true
    dirty = false
    fdatasync(fd, () => {
      syncing = false
      if (closed) closeSync(fd)
      else if (dirty) sync()
    })
  }
  const append = (entry: Entry) => {
    if (closed) return
    try {
      // with the kernel at once, which is enough against kill -9; on the disk soon, against loss of power
      writeSync(fd, `${JSON.stringify(entry)}\n`)
      sync()
    } catch {
      // a full disk makes the next run send more, this one goes on
    }
  }
  return {
    get resumedBytes() {
      return resumedBytes
    },
    find: (blob) => earlier.get(blob)?.location,
    advance(blob, location, offset) {
      const entry = { blob, location, offset }
      open.set(blob, entry)
      append(entry)
    },
    forget(blob) {
      earlier.delete(blob)
      if (open.delete(blob)) append({ blob })
    },
    resumed(_blob, offset) {
      resumedBytes += offset
    },
    close() {
      if (closed) return
      closed = true
      if (!syncing) closeSync(fd)
      if (open.size === 0) rmSync(path.dirname(file), { recursive: true, force: true })
      release()
    },
  }
}

function readEntries(file: string): Map<string, Entry> {
  const open = new Map<string, Entry>()
  let text = ''
  try {
    if (statSync(file).size <= mostBytes) text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  for (const line of text.split('\n')) {
    const entry = parseEntry(line)
    if (entry?.location !== undefined) open.set(entry.blob, entry)
    else if (entry) open.delete(entry.blob)
  }
  return open
}

/** A line that a crash cut, or that someone else wrote, is passed over. */
function parseEntry(line: string): Entry | undefined {
  try {
    const { blob, location, offset } = JSON.parse(line) as Partial<Entry>
    if (typeof blob !== 'string' || !isDigest(blob.slice(blob.lastIndexOf('@') + 1))) return undefined
    if (location === undefined) return { blob }
    if (typeof location !== 'string' || location.length > 8192) return undefined
    return { blob, location, offset: Number.isSafeInteger(offset) ? (offset as number) : 0 }
  } catch {
    return undefined
  }
}
