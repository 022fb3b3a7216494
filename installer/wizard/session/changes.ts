import { answerAt, type Draft, setAnswer } from '../../src/answers/draft.ts'

/** Answers by pointer that are typed here and not yet part of what the server tells; null removes one. */
export type Changes = Readonly<Record<string, unknown>>

/** The draft as the one who types sees it. */
export const withChanges = (draft: Draft, changes: Changes): Draft =>
  Object.entries(changes).reduce((so, [pointer, value]) => setAnswer(so, pointer, value), draft)

/** Those of the changes that the draft does not have yet. */
export const missing = (draft: Draft, changes: Changes): Changes =>
  Object.fromEntries(Object.entries(changes).filter(([pointer, value]) => !isSame(answerAt(draft, pointer), value)))

/** Without those of these pointers whose value is still the one that was sent. */
export const without = (changes: Changes, sent: Changes): Changes =>
  Object.fromEntries(Object.entries(changes).filter(([pointer, value]) => sent[pointer] !== value))

const isSame = (here: unknown, wanted: unknown): boolean =>
  JSON.stringify(here ?? null) === JSON.stringify(wanted === false ? (here ?? null) : (wanted ?? null))
