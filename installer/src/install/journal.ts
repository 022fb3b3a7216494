import { mkdirSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { unusableState } from '../stores/state-lock.ts'

/** One line of a journal. `at` is milliseconds since 1970; `run` tells one run of the installer from the next. */
export interface JournalEntry {
  at: number
  run: string
  stage: string
  event: 'start' | 'done' | 'skipped' | 'failed'
  ms?: number
  code?: string
}

export interface Journal {
  /** What earlier runs wrote, oldest first. */
  readonly earlier: readonly JournalEntry[]
  /** Appends an entry; it is on the disk when this returns. */
  append(entry: JournalEntry): Promise<void>
  close(): Promise<void>
}

const journalBytes = 8 * 1024 * 1024

/**
 * Opens the journal file of a state directory (created with mode 0700). A last line that a crash cut short is dropped; a
 * journal that has grown beyond 8 MiB is set aside as `journal.old.jsonl`. The journal says what happened, never what is
 * the case: stages look at the world.
 * @throws SealiftError STORAGE_STATE
 */
export async function openJournal(stateDir: string): Promise<Journal> {
  const file = path.join(stateDir, 'journal.jsonl')
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    let text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    if (text.length > journalBytes) {
      await rename(file, path.join(stateDir, 'journal.old.jsonl'))
      text = ''
    }
    const handle = await open(file, 'a', 0o600)
    if (text !== '' && !text.endsWith('\n')) await handle.appendFile('\n')
    return {
      earlier: text.split('\n').flatMap(parseEntry),
      append: async (entry) => {
        await handle.appendFile(`${JSON.stringify(entry)}\n`)
        await handle.sync()
      },
      close: () => handle.close(),
    }
  } catch (cause) {
    throw unusableState(stateDir, cause)
  }
}

function parseEntry(line: string): JournalEntry[] {
  try {
    const value = JSON.parse(line) as JournalEntry
    return typeof value === 'object' && value !== null && typeof value.stage === 'string' ? [value] : []
  } catch {
    return []
  }
}

/** The stages that started in an earlier run and whose end was never written: the process died in them. */
export function interruptedStages(entries: readonly JournalEntry[]): string[] {
  const open = new Set<string>()
  for (const entry of entries) {
    if (entry.event === 'start') open.add(entry.stage)
    else open.delete(entry.stage)
  }
  return [...open]
}
