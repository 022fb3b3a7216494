import { stat } from 'node:fs/promises'
import path from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { interruptedStages, type JournalEntry } from '../../install/journal.ts'
import { type Receipt, receiptName } from '../../install/receipt.ts'
import { bounds } from '../bounds.ts'
import type { Collection } from '../collection.ts'
import type { Redactor } from '../redact.ts'
import { pathPart } from '../spool.ts'
import type { Target } from '../target.ts'
import { filesBelow, readEnd } from './files.ts'

/** What the state directory says of the installation. */
export interface LocalState {
  receipt?: Partial<Receipt> | undefined
  /** the last stage that failed */
  failed?: JournalEntry
  /** stages in which the installer died */
  interrupted: string[]
}

/** records: journal, receipt, events of a session, reports of checks */
const records = /\.(?:jsonl|json|log)$/i

/** Takes what the installer wrote down: `local/state/…` with a list of all files there. */
export async function collectState({ spool, redactor }: Collection, { stateDir }: Target): Promise<LocalState> {
  const files = await filesBelow(stateDir)
  const state: LocalState = { interrupted: [] }
  const list: object[] = []
  for (const file of files) {
    const name = path.relative(stateDir, file)
    const { size, mtime, mode } = await stat(file)
    list.push({ name, bytes: size, changed: mtime.toISOString(), mode: (mode & 0o777).toString(8) })
    if (!records.test(name) || /upload/i.test(name)) continue
    const { text, cut } = (await readEnd(file, bounds.localFile)) ?? { text: '', cut: 0 }
    if (name === 'journal.jsonl') Object.assign(state, readJournal(text))
    if (name === `${receiptName}.json`) state.receipt = readJson(text)
    const archived = `local/state/${name
      .split(path.sep)
      .map((part) => pathPart(redactor.text(part)))
      .join('/')}`
    await spool.add(archived, cleanDocument(redactor, text), 'newest', cut)
  }
  await spool.add('local/state-files.yaml', redactor.text(stringify({ directory: stateDir, files: list })))
  if (files.length === 0)
    throw Object.assign(new Error(`there is nothing in ${stateDir}: name the directory with --state DIR`), {
      code: 'NO_STATE',
    })
  return state
}

/** Takes the answers: paths and choices, no secrets. */
export async function collectAnswers({ spool, redactor }: Collection, { answers }: Target): Promise<void> {
  if (answers) await spool.add('local/answers.yaml', cleanDocument(redactor, answers.text))
}

/** JSON or YAML by its structure; any other text, JSON of one line each as well, by its lines. */
export function cleanDocument(redactor: Redactor, text: string): string {
  if (!/\.?\{.*\}\n\{/.test(text.slice(0, 10_000)))
    try {
      const document = parseDocument(text, { logLevel: 'silent' })
      if (document.errors.length === 0) {
        const value: unknown = document.toJS({ maxAliasCount: 0 })
        if (typeof value === 'object' && value !== null) {
          const clean = redactor.structure(value)
          return /^\s*[[{]/.test(text) ? `${JSON.stringify(clean, null, 2)}\n` : stringify(clean, { lineWidth: 0 })
        }
      }
    } catch {
      // by its lines then
    }
  return redactor.text(text)
}

function readJournal(text: string): Pick<LocalState, 'interrupted'> & { failed?: JournalEntry } {
  const entries = text.split('\n').flatMap((line): JournalEntry[] => {
    const entry = readJson<JournalEntry>(line)
    return typeof entry?.stage === 'string' && typeof entry.event === 'string' ? [entry as JournalEntry] : []
  })
  const failed = entries.findLast(({ event }) => event === 'failed')
  // a stage that went well later is no error any more
  const mended =
    failed &&
    entries
      .slice(entries.indexOf(failed))
      .some((e) => e.stage === failed.stage && e.event !== 'failed' && e.event !== 'start')
  return { interrupted: interruptedStages(entries), ...(failed && !mended ? { failed } : {}) }
}

function readJson<T>(text: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : undefined
  } catch {
    return undefined
  }
}
