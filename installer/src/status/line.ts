import type { Level } from '../checks/check.ts'

/** One thing that a status says, in the words of the checks before an installation. Plain data, without secrets. */
export interface StatusLine {
  id: string
  title: string
  /** skipped: it cannot be known, and `found` says why */
  state: 'passed' | 'failed' | 'skipped'
  /** error: somebody cannot work; warning: they can, until something else happens too */
  level: Level
  found: string
  /** the exact command or change that helps */
  fix?: string
}

type Words = Pick<StatusLine, 'found' | 'fix'>
type Subject = Pick<StatusLine, 'id' | 'title'>

export const passed = (subject: Subject, found: string): StatusLine => ({
  ...subject,
  state: 'passed',
  level: 'error',
  found,
})
export const failed = (subject: Subject, words: Words): StatusLine => ({
  ...subject,
  state: 'failed',
  level: 'error',
  ...words,
})
export const warned = (subject: Subject, words: Words): StatusLine => ({
  ...subject,
  state: 'failed',
  level: 'warning',
  ...words,
})
export const unknown = (subject: Subject, found: string, fix?: string): StatusLine => ({
  ...subject,
  state: 'skipped',
  level: 'error',
  found: `cannot be known: ${found}`,
  ...(fix === undefined ? {} : { fix }),
})
