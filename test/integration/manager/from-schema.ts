import fc, { type Arbitrary } from 'fast-check'

/** The part of JSON Schema that the manager's routes use. */
export type Schema = {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  multipleOf?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
}

/** What PostgreSQL, a terminal or a reader takes for something else. */
const noText = fc.constantFrom('\0', 'a\0b', '\ud800', '\udfffa', '\x1b[31m', '\u202eab')
const hostileStrings = fc.oneof(
  noText,
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\0',
      'a\0b',
      '\x1b[31m',
      '\n',
      '\x7f',
      '\u2028',
      '\ud800',
      '\udfff',
      '\u202eab',
      '\ufeff',
      '\ufffe',
      '💥',
    ],
    ...['__proto__', 'constructor', '../..', '%00', "'--", '$1', '{}', 'null', '-1', '0', '1e400', '9'.repeat(40)],
    ...['2026-02-30T25:61:61Z', '0000-00-00', 'Infinity', 'é'.normalize('NFD'), 'İ', 'ß'],
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.integer({ min: 100, max: 3000 }).map((length) => 'x'.repeat(length)),
)
const hostileValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.1,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    5e-324,
    [],
    {},
    [[]],
    [null],
  ),
  hostileStrings,
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values that the schema allows, mostly; `known` are ids of things that are there. */
function allowed(schema: Schema, known: readonly string[]): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => value(one, known)))
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => value({ ...schema, type }, known)))
  switch (schema.type) {
    case 'string':
      return text(schema, known)
    case 'integer':
    case 'number':
      return amount(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(value(schema.items ?? {}, known), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      })
    case 'object': {
      const { properties = {}, required = [] } = schema
      const fields = Object.entries(properties).map(([name, inner]) => [name, value(inner, known)])
      return fc.record(Object.fromEntries(fields) as Record<string, Arbitrary<unknown>>, { requiredKeys: required })
    }
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

/** Strings that the schema allows, at both ends of its lengths too, and any that it forgets to forbid. */
function text({ pattern, minLength = 0, maxLength = 64 }: Schema, known: readonly string[]): Arbitrary<string> {
  if (pattern === '^[a-z0-9]{10}$') return fc.constantFrom(...known)
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map((one) => one.slice(0, maxLength))
  const longest = Math.min(maxLength, 2000)
  return fc.oneof(
    fc.string({ unit: 'binary', minLength, maxLength: Math.min(longest, 64) }),
    fc.string({ minLength: longest, maxLength: longest }),
    noText.map((one) => one.padEnd(minLength, 'x')),
    hostileStrings.filter((one) => one.length >= minLength && one.length <= maxLength),
  )
}

/** Numbers within bounds, most often at one of them. */
function amount({ type, minimum = -(2 ** 53), maximum = 2 ** 53, multipleOf = type === 'integer' ? 1 : 0.25 }: Schema) {
  const steps = Math.min(Math.floor((maximum - minimum) / multipleOf), 2 ** 31)
  const within = fc.integer({ min: 0, max: steps }).map((at) => minimum + at * multipleOf)
  return fc.oneof(fc.constantFrom(minimum, maximum), within)
}

/** A value for a schema: nine of ten as it asks for. */
export function value(schema: Schema, known: readonly string[]): Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: allowed(schema, known) }, { weight: 1, arbitrary: hostileValues })
}

/** Text for a place that has only text: of a path or a query. */
export const textValue = (schema: Schema, known: readonly string[]): Arbitrary<string> =>
  fc.oneof({ weight: 9, arbitrary: allowed(schema, known).map(String) }, { weight: 1, arbitrary: hostileStrings })
