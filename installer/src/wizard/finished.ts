import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { withPaths } from '../answers/complete.ts'
import { answerAt, type Draft } from '../answers/draft.ts'
import { fieldAt } from '../answers/field.ts'
import { settled } from '../answers/questions.ts'
import { lockState } from '../stores/state-lock.ts'
import { readDraft } from './draft-file.ts'
import { eventsFile, readKept } from './kept-events.ts'
import { sessionLock } from './session.ts'
import { uploadsOf } from './uploads.ts'

/** Beginning of the directories that `sealift install` makes for sessions, beside those of sites. */
export const ownName = 'session-'

/**
 * Clears up after a session whose platform is installed and whose process has ended: of the uploads stay those that are
 * needed later, since answers name them there. Of a directory that was made for the session nothing else stays, for the
 * site's own has journal and receipt. Any other session, one that a process has too, is left as it is.
 */
export async function clearFinished(directory: string): Promise<void> {
  if (!existsSync(path.join(directory, eventsFile))) return
  const release = await lockState(directory, 'another installation', 0, sessionLock).catch(() => undefined)
  if (release === undefined) return
  try {
    if (readKept(directory).phase !== 'done') return
    clearUploads(directory, readDraft(directory))
    if (path.basename(directory).startsWith(ownName)) clearAround(directory)
  } finally {
    release()
  }
  removeEmpty(directory)
}

/** The same for each session that `sealift install` made below a directory. */
export async function clearAllFinished(base: string): Promise<void> {
  const names = existsSync(base) ? readdirSync(base).filter((name) => name.startsWith(ownName)) : []
  for (const name of names) await clearFinished(path.join(base, name))
}

function clearUploads(directory: string, draft: Draft | undefined): void {
  // an earlier process was at it, and came as far as the draft
  if (draft === undefined) return
  const needed = neededLater(draft)
  for (const file of uploadsOf(directory)) if (!needed.has(file)) rmSync(file, { force: true })
}

/**
 * Files that later commands read, or what serves the registry when it starts again. A private key and passwords are in the
 * cluster by now.
 */
function neededLater(draft: Draft): Set<string> {
  const files = new Set<string>()
  withPaths(settled(draft), (file, keys) => {
    const isForServe = keys.join('.') === 'registry.passwordFile' && answerAt(draft, '/registry/kind') === 'serve'
    if (!fieldAt(`/${keys.join('/')}`)?.secret || isForServe) files.add(file)
    return file
  })
  return files
}

/** What says that it is finished goes last, so that the next process ends what this one leaves. */
function clearAround(directory: string): void {
  const around = readdirSync(directory).filter((name) => name !== 'uploads' && name !== sessionLock)
  for (const name of around.filter((name) => name !== eventsFile))
    rmSync(path.join(directory, name), { recursive: true, force: true })
  rmSync(path.join(directory, eventsFile), { force: true })
}

function removeEmpty(directory: string): void {
  for (const one of [path.join(directory, 'uploads'), directory])
    try {
      rmdirSync(one)
    } catch {
      // something is in it
    }
}
