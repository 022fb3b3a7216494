import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Draft, emptyDraft, isGroup } from '../answers/draft.ts'
import { faultsOf as faultsIn } from '../answers/fault.ts'
import { questions, settled } from '../answers/questions.ts'
import { parseAnswers, readDraft, said } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { writeAnswers } from '../answers/write.ts'
import type { Fault } from './view.ts'

/** What is wrong with answers that may be incomplete, by pointer: the first thing at each. What others settle is not looked at. */
export function faultsOf(draft: Draft): Record<string, Fault> {
  const faults: Record<string, Fault> = {}
  for (const { pointer, ...fault } of faultsIn(settled(draft))) faults[pointer] ??= fault
  return faults
}

/**
 * An answers file, which may be incomplete, as a draft; relative paths count from the file. What is wrong at a field that is
 * asked for is shown there; all else is refused.
 * @throws SealiftError USAGE_ANSWERS with line and field
 */
export function importAnswers(text: string, file: string): Draft {
  const { draft, faults, lineOf } = readDraft(text, file)
  const whole = merged(emptyDraft, draft)
  // a text that holds no fields at all would take every answer away
  const none = faults.find(({ pointer }) => pointer === '')
  const hidden = none ?? faultsIn(whole).find(({ pointer }) => !isAsked(pointer))
  if (hidden)
    throw new SealiftError('USAGE_ANSWERS', `${file}:${lineOf(hidden.pointer)}: ${said(hidden)}`, { fix: hidden.fix })
  return whole
}

const isAsked = (pointer: string): boolean =>
  questions.some(
    (question) =>
      pointer === question.pointer ||
      (pointer.startsWith(`${question.pointer}/`) && (question.kind === 'list' || question.kind === 'values')),
  )

/** What a file leaves out of the groups that every draft has. */
const merged = (base: Draft, draft: Draft): Draft => ({
  ...base,
  ...draft,
  ...Object.fromEntries(
    Object.entries(base).flatMap(([key, below]) => {
      const given = draft[key]
      return isGroup(below) && isGroup(given) ? [[key, merged(below, given)]] : []
    }),
  ),
})

/** @throws SealiftError SESSION_FAULTS where one of these answers, by the beginnings of their pointers, is missing or wrong */
export function refuseFaults(faults: Readonly<Record<string, Fault>>, needed: readonly string[] = ['']): void {
  const first = Object.entries(faults).find(([pointer]) =>
    needed.some((start) => `${pointer}/`.startsWith(`${start}/`)),
  )
  if (first)
    throw new SealiftError('SESSION_FAULTS', 'the answers are not complete', {
      why: `${first[0].slice(1).replaceAll('/', '.')}: ${first[1].message}`,
      fix: first[1].fix,
    })
}

/** A draft as an installation takes it: read as an answers file is. @throws SealiftError USAGE_ANSWERS */
export const completeAnswers = (draft: Draft, directory: string): CompleteAnswers =>
  parseAnswers(writeAnswers(draft), path.join(directory, 'answers.yaml'))
