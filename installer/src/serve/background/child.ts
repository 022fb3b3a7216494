import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { takeLock } from '../../stores/lock.ts'
import { unusableState } from '../../stores/state-lock.ts'
import { type Announcement, releasesIn } from '../announcement.ts'
import type { ServeFlags } from '../flags.ts'
import { boundedLog } from './log.ts'
import { type Kept, keepRunning, keptRunning, lockName, logIn } from './place.ts'
import type { Said } from './said.ts'

/** How one that serves tells what it does. */
export interface Audience {
  /** where its log goes, a line a call */
  log: { write(line: string): void }
  progress(done: number, total: number): void
  /** It answers from now on, or still does with other bundles; `indexes` are the digests of what it serves. */
  serves(announcement: Announcement, indexes: readonly string[]): void
}

export interface ChildOptions {
  state: string
  flags: ServeFlags
  /** digests of the signed indexes that are to be served */
  wanted(): Promise<readonly string[]>
  /** Serves until it is stopped. */
  serve(audience: Audience): Promise<void>
}

/**
 * Serves as the process that `startInBackground` has started, and tells that one what comes of it. Where the same is served
 * from the state directory already, it says so and ends.
 * @throws SealiftError USAGE_LOCKED where another one serves from the state directory, and all of `serve`
 */
export async function serveInBackground({ state, flags, wanted, serve }: ChildOptions): Promise<void> {
  const asked = askedBy(flags)
  const other = await lock(state)
  if (other) {
    const kept = keptRunning(state)
    const isSame =
      kept?.pid === other.holder && isDeepStrictEqual([kept?.asked, kept?.indexes], [asked, await wanted()])
    if (!isSame) throw taken(state, other.holder, kept)
    return await tell({ type: 'serves', running: kept as Kept, already: true })
  }
  const log = logIn(state)
  await serve({
    log: boundedLog(2, log),
    progress: (done, total) => void tell({ type: 'progress', done, total }),
    serves(announcement, indexes) {
      const running = { ...announcement, pid: process.pid, log }
      keepRunning(state, { ...running, asked, indexes })
      // from here on the one that started it is nothing to this one
      void tell({ type: 'serves', running, already: false }).then(() => {
        if (process.connected) process.disconnect?.()
      })
    },
  })
}

/** Does something, and tells the process that waits for this one what it fails with, beside the log. @throws that */
export async function tellingFailure(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof SealiftError) {
      const { code, message, why, fix } = error
      await tell({ type: 'failed', code, message, why, fix })
    }
    throw error
  }
}

/** Tells the process that waits for this one, as long as it is there. */
const tell = (said: Said): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send) process.send(said, () => resolve())
    else resolve()
  })

/** Takes the state directory until this process ends; undefined then, else the process that has it, where it is known. */
async function lock(state: string): Promise<{ holder: number | undefined } | undefined> {
  let other: { holder: number | undefined } | undefined
  const busy = new SealiftError('USAGE_LOCKED', 'another one serves')
  await takeLock(state, lockName, {
    create: true,
    busy(holder) {
      other = { holder }
      return busy
    },
  }).catch((cause) => {
    if (cause !== busy) throw unusableState(state, cause)
  })
  return other
}

/**
 * What clients see of the flags. Keys and license say what may be served, not what is; a password counts from the next
 * start, so its file is the same only while nobody has written to it.
 */
function askedBy(flags: ServeFlags): string[] {
  const seen = flags.filter(([flag]) => !['--trust', '--license', '--state'].includes(flag))
  return seen
    .map(([flag, value = '']) => {
      if (flag !== '--password-file') return `${flag} ${value}`
      const { ino, mtimeMs } = statSync(value, { throwIfNoEntry: false }) ?? { ino: 0, mtimeMs: 0 }
      return `${flag} ${value} ${ino} ${mtimeMs}`
    })
    .sort()
}

function taken(state: string, holder: number | undefined, kept: Kept | undefined): SealiftError {
  const who = holder === undefined ? 'another process' : `process ${holder}`
  const end = holder === undefined ? 'wait for it' : `end it: kill ${holder}`
  if (kept === undefined || kept.pid !== holder)
    return new SealiftError('USAGE_LOCKED', `${who} is about to serve from ${state} already`, {
      why: 'it verifies its bundles first',
      fix: holder === undefined ? end : `wait for it, or ${end}`,
    })
  return new SealiftError('USAGE_LOCKED', `${who} serves ${releasesIn(kept)} at ${kept.registry} already`, {
    why: `it was started with another bundle, address or login, and has the certificate in ${state}`,
    fix: `${end}; then run this again, or beside it with another --state DIR`,
  })
}
