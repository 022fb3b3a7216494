import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Draft, emptyDraft } from '../answers/draft.ts'
import type { InstallResult } from '../install/install.ts'
import { lockState } from '../stores/state-lock.ts'
import { answered } from './answered.ts'
import { readDraft, writeDraft } from './draft-file.ts'
import { openEventLog } from './event-log.ts'
import type { Changes, Invitation, Session, Update } from './face.ts'
import { faultsOf } from './form.ts'
import { afterDeath } from './interrupted.ts'
import { readKept } from './kept-events.ts'
import { createLookouts } from './looks/lookouts.ts'
import { places } from './looks/places.ts'
import { ownFace } from './own-faces.ts'
import { createRuns } from './runs.ts'
import { createServing } from './serving.ts'
import { createSteering } from './steering.ts'
import { emptyView, type Look, type View } from './view.ts'
import { installing, type Work } from './work.ts'

export interface SessionOptions {
  /** what it starts; default: the installation, with its journal in the site's own place */
  work?: Work
  /** begins anew with these answers, whatever the directory has */
  draft?: Draft
  /** answered on top of what there is */
  changes?: Changes
  /** directory from which relative paths in answers count; default: the working directory */
  base?: string
  /** milliseconds to wait for another process that is about to end */
  lockWait?: number
}

/** A session in the process that owns it. */
export interface OwnSession extends Session {
  /** What is shown now, to the owner itself, which is no face. */
  view(): View
  /** Tells the owner what happens. */
  watch(listener: (update: Update) => void): void
  /** lets a browser in, where there is a door for browsers; set by who opens it */
  invite(): Promise<Invitation>
  /** How the installation that was started last ends. @throws what it fails with */
  outcome(): Promise<InstallResult>
  /** Done when the session closes, before the process ends: each door closes itself there. */
  onClose(done: () => Promise<void> | void): void
}

/** Name of the lock of a session. It is not that of an installation, which may be kept in the same directory. */
export const sessionLock = 'session.lock'

/**
 * Opens the session of a directory, for this process alone: a new one, or the one that was begun there, with all that was
 * answered and found. A run that died with its process is a failed one, which may be taken up again.
 * @throws SealiftError USAGE_LOCKED where another process has it; STORAGE_STATE
 */
export async function openSession(directory: string, options: SessionOptions = {}): Promise<OwnSession> {
  const { work = installing(), base = process.cwd() } = options
  const release = await lockState(directory, 'another installation', options.lockWait, sessionLock)
  try {
    const begun = options.draft ?? readDraft(directory) ?? emptyDraft
    const draft = answered(begun, options.changes ?? {}, base)
    if (options.draft || options.changes) writeDraft(directory, draft)
    const before = readKept(directory)
    const kept = options.draft ? { ...emptyView, seq: before.seq } : afterDeath(before)
    const log = openEventLog(directory, { ...kept, draft, faults: faultsOf(draft) })
    const steering = createSteering((presence) => log.add({ type: 'faces', ...presence }))
    const lookouts = createLookouts(
      places,
      (look, looked) => log.add({ type: 'look', look, ...(looked ? { looked } : {}) }),
      Object.keys(kept.looks) as Look[],
    )
    lookouts.changed(begun, draft)
    const runs = createRuns(work, directory, log)
    const serving = createServing(work, log)
    const ended = new AbortController()
    const closers: (() => Promise<void> | void)[] = []
    let closing: Promise<void> | undefined

    async function close(): Promise<void> {
      lookouts.close()
      await serving.close()
      await runs.close()
      for (const done of closers.reverse()) await done()
      ended.abort()
      steering.close()
      log.close()
      release()
    }

    const session: OwnSession = {
      directory,
      ended: ended.signal,
      view: log.view,
      watch: (listener) => void log.subscribe(log.view().seq, listener),
      async invite() {
        throw new SealiftError('SESSION_NO_WEB', 'this session has no door for browsers', { fix: 'sealift install' })
      },
      async enter(who) {
        if (closing) throw new SealiftError('SESSION_ENDED', 'the session is about to end', { fix: 'sealift install' })
        const invite = () => session.invite()
        const parts = { directory, base, ended: ended.signal, log, steering, lookouts, runs, serving, invite }
        return ownFace(parts, steering.enter(who))
      },
      outcome: runs.outcome,
      onClose: (done) => void closers.push(done),
      close() {
        closing ??= close()
        return closing
      },
    }
    return session
  } catch (error) {
    release()
    throw error
  }
}
