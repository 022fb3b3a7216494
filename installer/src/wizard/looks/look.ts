import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { answerAt, type Draft } from '../../answers/draft.ts'

/** What a look is given, and how it says what it finds. */
export interface Looking {
  draft: Draft
  /** ends it: its time is over, or its answers have changed */
  signal: AbortSignal
  fact(label: string, text: string, bad?: boolean): void
  /** values that may be chosen for a pointer */
  choices(pointer: string, values: readonly string[]): void
}

/** A place that answers lead to. */
export interface Lookout {
  /** beginnings of the pointers that it reads: what it found counts until one of them changes */
  reads: readonly string[]
  /** Looks; changes nothing. @throws SealiftError what is wrong there */
  run(looking: Looking): Promise<void>
}

/** A text in the answers; undefined where there is none. */
export function text(draft: Draft, pointer: string): string | undefined {
  const value = answerAt(draft, pointer)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws SealiftError USAGE_ANSWERS where it is missing */
export function needed(draft: Draft, pointer: string): string {
  const value = text(draft, pointer)
  if (value !== undefined) return value
  throw new SealiftError('USAGE_ANSWERS', `the answer ${pointer.slice(1).replaceAll('/', '.')} is missing`, {
    fix: 'answer it first',
  })
}
