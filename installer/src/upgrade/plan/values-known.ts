import { isDeepStrictEqual } from 'node:util'
import type { ChartFiles } from '../../install/chart-files.ts'
import { isRecord, own } from './objects/field-path.ts'
import { planLimits } from './objects/limits.ts'
import { shownValue } from './objects/shown-value.ts'

/** What a chart knows of one value. */
export interface Known {
  /** the default */
  value: unknown
  /** what the schema says of it, with everything that it refers to */
  schemas: Schema[]
  root: unknown
  isKnown: boolean
}
type Schema = Record<string, unknown>

/** All that a chart knows. */
export const ofChart = ({ values, schema }: ChartFiles): Known => ({
  value: values,
  schemas: schemasAt(schema, schema),
  root: schema,
  isKnown: true,
})

/** Whether a chart takes a map of anything at a place: its default is empty or none, and no schema names what is in it. */
export const isFree = ({ value, schemas }: Known): boolean =>
  (value === undefined || value === null || (isRecord(value) && Object.keys(value).length === 0)) &&
  schemas.every((schema) => propertyNames(schema).length === 0 && schema.additionalProperties !== false)

/** What a chart knows of a value below another. A schema counts before the defaults, which may leave out what is optional. */
export function known(at: Known, name: string): Known {
  const inSchema = at.schemas.flatMap((schema) => schemasAt(own(schema.properties, name), at.root))
  const isClosed = at.schemas.some(
    (schema) => schema.additionalProperties === false && !isRecord(schema.patternProperties),
  )
  const isOpen = at.schemas.some(
    ({ additionalProperties, patternProperties }) =>
      isRecord(additionalProperties) || additionalProperties === true || isRecord(patternProperties),
  )
  const value = own(at.value, name)
  const hasDefault = isRecord(at.value) && Object.hasOwn(at.value, name)
  const isKnown = at.isKnown && (inSchema.length > 0 || hasDefault || (!isClosed && (isOpen || isFree(at))))
  return { value, schemas: inSchema, root: at.root, isKnown }
}

/** The names that a chart knows at a place. */
export const knownNames = ({ value, schemas }: Known): string[] => [
  ...new Set([...Object.keys(isRecord(value) ? value : {}), ...schemas.flatMap(propertyNames)]),
]

const propertyNames = ({ properties }: Schema): string[] => Object.keys(isRecord(properties) ? properties : {})

/** A schema with those that it refers to in the same document, and its alternatives; bounded, whatever refers to what. */
function schemasAt(start: unknown, root: unknown): Schema[] {
  const found: Schema[] = []
  const queue = [start]
  for (let i = 0; i < queue.length && i < 100; i++) {
    const schema = queue[i]
    if (!isRecord(schema) || found.includes(schema)) continue
    found.push(schema)
    const { $ref, allOf, anyOf, oneOf } = schema
    if (typeof $ref === 'string' && $ref.startsWith('#')) queue.push(resolved($ref, root))
    for (const list of [allOf, anyOf, oneOf]) if (Array.isArray(list)) queue.push(...list.slice(0, 50))
  }
  return found
}

/** What a JSON Pointer of a schema's own document means (RFC 6901). */
const resolved = (pointer: string, root: unknown): unknown =>
  pointer
    .split('/')
    .slice(1, planLimits.depth)
    .reduce((at, name) => own(at, name.replaceAll('~1', '/').replaceAll('~0', '~')), root)

/**
 * What a chart wants at a place: by its schema, any alternative of which will do, or else by the type of its default; undefined
 * where it takes anything.
 */
export function wants({ value, schemas }: Known): Wish | undefined {
  const wishes = schemas.flatMap(wishOf)
  if (wishes.length > 0)
    return {
      takes: (given) => wishes.some((wish) => wish.takes(given)),
      says: wishes.map(({ says }) => says).join(' or '),
    }
  // without a schema only maps and what is none cannot stand for each other
  if (schemas.length > 0 || value === undefined || value === null) return undefined
  return { takes: (given) => isRecord(given) === isRecord(value), says: typeOf(value) }
}

interface Wish {
  takes(value: unknown): boolean
  says: string
}

function wishOf(schema: Schema): Wish[] {
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined
  if (values)
    return [
      {
        takes: (given) => values.some((one) => isDeepStrictEqual(one, given)),
        says: `one of ${values.slice(0, 12).map(shownValue).join(', ')}`,
      },
    ]
  if (schema.type === undefined) return []
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).map(String)
  return [{ takes: (given) => types.some((type) => isOf(type, given)), says: types.join(' or ') }]
}

const isOf = (type: string, value: unknown): boolean =>
  typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer')

/** The type of a value as JSON Schema calls it. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
