import { type Draft, isGroup } from './draft.ts'
import { type Field, root } from './field.ts'
import { formats } from './formats/formats.ts'
import type { Said } from './formats/said.ts'
import { nearest } from './nearest.ts'
import { relationFaults } from './relations.ts'

/** What is wrong with one answer. */
export interface Fault extends Said {
  /** JSON pointer (RFC 6901): of the field, or of what has no field */
  pointer: string
}

/**
 * All that is wrong with answers, as far as they alone say it: fields that do not exist first (a misspelt one is missing
 * too, and its wrong name helps more), then field by field in the order of the schema, then what does not go together.
 */
export function faultsOf(draft: unknown): Fault[] {
  const faults = ofField(root, draft, '')
  const unknown = faults.filter(isUnknown)
  const known = faults.filter((fault) => !isUnknown(fault))
  if (!isGroup(draft)) return faults
  const together = relationFaults(draft).filter(({ pointer }) => !known.some((fault) => fault.pointer === pointer))
  return [...unknown, ...known, ...together]
}

/** The first thing that is wrong with the answer at a pointer, or with an item of it. */
export const faultOf = (draft: unknown, pointer: string): Fault | undefined =>
  faultsOf(draft).find((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))

/** fields of one group that do not exist of which each is told */
const mostUnknown = 20

const noField = 'there is no such field'
const isUnknown = ({ message }: Fault): boolean => message === noField

function ofField(field: Field, value: unknown, pointer: string): Fault[] {
  const say = (message: string, fix = field.description): Fault[] => [{ pointer, message, ...(fix && { fix }) }]
  if (field.const !== undefined) return value === field.const ? [] : say(`it must be ${field.const}`)
  if (field.enum) {
    if (typeof value === 'string' && field.enum.includes(value)) return []
    const near = typeof value === 'string' ? nearest(value, field.enum) : undefined
    return say(`it must be one of: ${field.enum.join(', ')}`, near && `did you mean "${near}"?`)
  }
  switch (field.type) {
    case 'string':
      return typeof value === 'string' ? ofText(field, value, say) : say('it must be text')
    case 'boolean':
      return typeof value === 'boolean' ? [] : say('it must be true or false')
    case 'integer': {
      const { minimum = -Infinity, maximum = Infinity } = field
      if (!Number.isSafeInteger(value)) return say('it must be a whole number')
      return minimum <= (value as number) && (value as number) <= maximum
        ? []
        : say(`it must be from ${minimum} to ${maximum}`)
    }
    case 'array': {
      const { minItems = 0, maxItems = Infinity, items = field } = field
      if (!Array.isArray(value)) return say('it must be a list')
      if (value.length < minItems) return say('it is empty, and one at least is needed')
      if (value.length > maxItems) return say(`it has more than ${maxItems}`)
      return value.flatMap((item, i) => ofField(items, item, `${pointer}/${i}`))
    }
    default:
      if (!isGroup(value)) return say('it must be a group of fields, each with its name')
      return field.properties ? ofGroup(field.properties, field.required ?? [], value, pointer) : ofValues(value, say)
  }
}

function ofGroup(
  properties: Readonly<Record<string, Field>>,
  required: readonly string[],
  value: Draft,
  pointer: string,
): Fault[] {
  const known = Object.keys(properties)
  const unknown = Object.keys(value)
    .filter((key) => !known.includes(key))
    .slice(0, mostUnknown)
  return [
    ...unknown.map((key) => {
      const near = nearest(key, known)
      const fix = near ? `did you mean "${near}"?` : `the fields here: ${known.join(', ')}`
      return { pointer: `${pointer}/${escaped(key)}`, message: noField, fix }
    }),
    ...Object.entries(properties).flatMap(([key, field]): Fault[] => {
      const below = `${pointer}/${key}`
      const fix = field.description === undefined ? {} : { fix: field.description }
      const there = value[key] ?? undefined
      if (there !== undefined) return ofField(field, there, below)
      if (required.includes(key)) return [{ pointer: below, message: 'it is missing', ...fix }]
      // a line of a file with nothing behind it
      return value[key] === null ? [{ pointer: below, message: 'nothing stands behind it', ...fix }] : []
    }),
  ]
}

type Say = (message: string, fix?: string) => Fault[]

function ofText({ minLength = 0, maxLength = Infinity, format }: Field, text: string, say: Say): Fault[] {
  if (text.length < minLength) return say('it is empty')
  if (!text.isWellFormed() || /[\x00-\x1f\x7f]/.test(text)) return say('it has a character that cannot be seen')
  const said = format === undefined ? undefined : formats[format](text)
  if (said) return say(said.message, said.fix)
  return text.length > maxLength ? say(`it has more than ${maxLength} characters`) : []
}

/** levels of chart values: more than any chart has, less than a stack takes */
const deepest = 64

/** Chart values are whatever JSON can say; the chart checks them. */
function ofValues(values: Draft, say: Say): Fault[] {
  const fault = (value: unknown, depth: number): string | undefined => {
    if (depth > deepest) return `it is nested more than ${deepest} deep`
    if (typeof value === 'string') return value.isWellFormed() ? undefined : 'it has text that is not Unicode'
    if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'it has a number that is none'
    if (typeof value !== 'object' || value === null) return undefined
    if (Object.hasOwn(value, '__proto__')) return 'it has a field __proto__'
    for (const [key, below] of Object.entries(value)) {
      const found = fault(key, depth) ?? fault(below, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  const message = fault(values, 1)
  return message === undefined ? [] : say(message)
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
