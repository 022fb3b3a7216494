import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Draft, emptyDraft } from '../answers/draft.ts'
import { readDraft } from './draft-file.ts'
import { joinSession } from './join.ts'
import { eventsFile, readKept } from './kept-events.ts'
import type { Phase } from './view.ts'

export interface FoundSession {
  directory: string
  /** a process has it, and can be joined; otherwise it was interrupted */
  live: boolean
  phase: Phase
  draft: Draft
  /** milliseconds since 1970: when something last happened in it */
  at: number
}

/** The sessions below a directory that run, or that were begun and not finished; the newest one first. */
export async function findSessions(base: string): Promise<FoundSession[]> {
  const found = await Promise.all(namesIn(base).map((name) => lookAt(path.join(base, name))))
  return found.filter((one) => one !== undefined).sort((a, b) => b.at - a.at)
}

/** The session of one directory; undefined where there is none to join or to go on with. */
export async function lookAt(directory: string): Promise<FoundSession | undefined> {
  const at = statSync(path.join(directory, eventsFile), { throwIfNoEntry: false })?.mtimeMs
  if (at === undefined) return undefined
  const session = await joinSession(directory)
  await session?.close()
  const live = session !== undefined
  const { phase } = readKept(directory)
  let draft: Draft
  try {
    draft = readDraft(directory) ?? emptyDraft
  } catch {
    // opening it says what is wrong
    draft = {}
  }
  if (!live && (phase === 'done' || isDeepStrictEqual(draft, emptyDraft))) return undefined
  return { directory, live, phase, draft, at }
}

function namesIn(base: string): string[] {
  try {
    return readdirSync(base)
  } catch {
    return []
  }
}
