import type { Draft } from '../../answers/draft.ts'
import type { Fault } from '../../answers/fault.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { small } from '../../install/small-file.ts'

/** Answers of which some may be at fault: only what is sound is looked at. */
export interface Given {
  /** with defaults and absolute paths; what is at fault may be anything */
  answers: CompleteAnswers
  draft: Draft
  /** Whether nothing is wrong at these pointers and below; an answer that is not given is sound. */
  isSound(...pointers: string[]): boolean
  /** Whether sound answers were given at these pointers. */
  has(...pointers: string[]): boolean
  /** A text that was given and is sound. */
  text(pointer: string): string | undefined
  /** The text of a small file that a sound answer names. */
  content(pointer: string): string | undefined
}

/** What of answers is sound beside these faults. */
export function given(draft: Draft, faults: readonly Fault[]): Given {
  const isSound = (...pointers: string[]) =>
    !pointers.some((at) => faults.some(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`)))
  const has = (...pointers: string[]) =>
    isSound(...pointers) && pointers.every((pointer) => valueAt(draft, pointer) !== undefined)
  const text = (pointer: string) => {
    const value = has(pointer) ? valueAt(draft, pointer) : undefined
    return typeof value === 'string' ? value : undefined
  }
  return {
    answers: draft as CompleteAnswers,
    draft,
    isSound,
    has,
    text,
    content(pointer) {
      const file = text(pointer)
      return file === undefined ? undefined : small(file, pointer.slice(1).replaceAll('/', '.'))
    },
  }
}

/** What stands at a pointer, also in a list. */
const valueAt = (draft: Draft, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? at[key as keyof typeof at] : undefined,
      draft,
    )
