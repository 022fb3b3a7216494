import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Field, fieldAt, root } from './field.ts'

/** Answers so far, as an answers file would hold them: plain data, nothing of it checked. */
export type Draft = Readonly<Record<string, unknown>>

/** What every draft begins with: what is no question, and the defaults of what has to be answered. */
export const emptyDraft: Draft = begun(root)

function begun({ properties = {}, required = [] }: Field): Draft {
  return Object.fromEntries(
    required.flatMap((key) => {
      const field = properties[key] as Field
      const value = field.properties ? begun(field) : (field.const ?? field.default)
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** What is answered at a pointer: true for a group that is there; undefined where nothing is. */
export function answerAt(draft: Draft, pointer: string): unknown {
  const value = valueAt(draft, keysOf(pointer))
  return fieldAt(pointer)?.properties !== undefined && isGroup(value) ? true : value
}

/**
 * The draft with another answer. Undefined and null remove it, as false does a group; true keeps a group or begins it.
 * Nothing else of the value is looked at: `faultsOf` says what is wrong with it.
 * @throws SealiftError USAGE_ANSWERS for a pointer that names no field
 */
export function setAnswer(draft: Draft, pointer: string, value: unknown): Draft {
  const field = fieldAt(pointer)
  if (field === undefined || field === root)
    throw new SealiftError('USAGE_ANSWERS', `there is no field ${JSON.stringify(pointer.slice(0, 200))}`)
  const keys = keysOf(pointer)
  if (field.properties === undefined) return put(draft, keys, value)
  const there = valueAt(draft, keys)
  return put(draft, keys, value === true ? (isGroup(there) ? there : {}) : value === false ? undefined : value)
}

function put(draft: Draft, [key = '', ...below]: readonly string[], value: unknown): Draft {
  const { [key]: there, ...rest } = draft
  if (value === undefined || value === null) {
    if (below.length === 0) return rest
    return isGroup(there) ? { ...draft, [key]: put(there, below, value) } : draft
  }
  return { ...draft, [key]: below.length === 0 ? value : put(isGroup(there) ? there : {}, below, value) }
}

const valueAt = (draft: Draft, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => (isGroup(at) && Object.hasOwn(at, key) ? at[key] : undefined), draft)

const keysOf = (pointer: string): string[] => pointer.split('/').slice(1)

/** Whether a value is a group of fields: an object that is no list. */
export const isGroup = (value: unknown): value is Draft =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
