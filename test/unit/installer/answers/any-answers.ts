import fc, { type Arbitrary, type Parameters } from 'fast-check'
import { type Field, root } from '../../../../installer/src/answers/field.ts'
import type { Format } from '../../../../installer/src/answers/formats/formats.ts'

/** The same inputs each time; PROPERTY_SEED makes others. */
export const runs = <T>(numRuns: number): Parameters<T> => ({
  seed: Number(process.env.PROPERTY_SEED ?? 11),
  numRuns,
})

/** What YAML takes for something else when it is not quoted, and what lines and comments are made of. */
const hostile = fc.constantFrom(
  ...[
    'yes',
    'no',
    'on',
    'null',
    '~',
    'true',
    '1e3',
    '0x1f',
    '012',
    '1_000',
    '.5',
    '.inf',
    '.nan',
    '2026-01-01',
    '12:30:45',
  ],
  ...[
    ': #',
    '# x',
    'a: b',
    'a #b',
    '- a',
    '? a',
    '&a',
    '*a',
    '!!str',
    '%a',
    '@a',
    '`a',
    '|',
    '>',
    '{a',
    '[a',
    'a]',
    ',',
    "'",
    '"',
  ],
  ...[
    ' a',
    'a ',
    '---',
    '...',
    '<<',
    '=',
    '\\n',
    '\\',
    '💥',
    'é',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\u202e',
    '\ufffd',
  ],
)
const shown = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !/[\x00-\x1f\x7f]/.test(text))
const texts = fc.oneof(hostile, shown)

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/)
const ofFormat: Record<Format, Arbitrary<string>> = {
  host: fc.array(label, { minLength: 1, maxLength: 4 }).map((parts) => [...parts, 'site'].join('.')),
  domain: label.map((name) => `${name}.site`),
  registry: fc.tuple(label, fc.integer({ min: 1, max: 65535 })).map(([name, port]) => `${name}.example:${port}/mirror`),
  release: fc.tuple(label, fc.nat(), fc.nat()).map(([name, a, b]) => `${name}.example/cde/${name}:${a}.${b}.0`),
  namespace: label.filter((name) => !name.startsWith('kube-')),
  server: fc.constantFrom('db.site.example', '10.0.0.7', 'fd00::7'),
  proxy: label.map((name) => `http://${name}.site.example:3128`),
  exempt: fc.constantFrom('.site.example', '10.0.0.0/8', '*.x'),
  check: label.map((name) => name.replace(/-+/g, '-')),
  address: label.map((name) => `https://${name}.example:8443/path`),
  path: fc
    .oneof(
      texts,
      texts.map((text) => `/media/usb/${text}`),
    )
    .filter((text) => !/^~|^(['"]).*\1$|:\/\//s.test(text)),
}

/** Any JSON that a chart value can be, with keys and texts that YAML has to quote. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      texts,
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a\nb', '\n', ' \n a\n\n', '\t', '\r\n', '\0', '\x1b'),
    ),
    fc.constantFrom(null, true, false, 0, -0, 1e21, 1.5, -1e-7, 2 ** 53),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('group'),
  ),
  group: fc.dictionary(
    fc.oneof(texts, fc.constantFrom('', 'a\nb', '1', 'constructor')).filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 4 },
  ),
})).group as Arbitrary<Record<string, unknown>>

function ofField(field: Field): Arbitrary<unknown> {
  if (field.const !== undefined) return fc.constant(field.const)
  if (field.enum) return fc.constantFrom(...field.enum)
  if (field.properties) return ofGroup(field)
  switch (field.type) {
    case 'string':
      return field.format ? ofFormat[field.format] : texts.filter((text) => text.length <= (field.maxLength ?? 1000))
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: field.minimum ?? 0, max: field.maximum ?? 1000 })
    case 'array':
      return fc.array(ofField(field.items as Field), { minLength: field.minItems ?? 0, maxLength: 3 })
    default:
      return values
  }
}

function ofGroup({ properties = {}, required = [] }: Field): Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, ofField(field)]))
  return fc.record(fields, { requiredKeys: [...required] })
}

/** Answers that have no fault, in all forms that the schema allows. */
export const anyAnswers: Arbitrary<Record<string, unknown>> = ofGroup(root).map(
  ({ devUrlsHost, editorsHost, bundle, release, outside, ...answers }) => {
    const { caFile = '/db-ca.crt', ...database } = (answers.database ?? {}) as Record<string, unknown>
    const { username, passwordFile, ...registry } = answers.registry as Record<string, unknown>
    return {
      ...answers,
      // one of the two, and without a file nothing can be served or seeded
      ...(release === undefined || bundle !== undefined ? { bundle: bundle ?? 'cde.bundle' } : { release }),
      ...(outside !== undefined && answers.mode !== 'airgapped' && { outside }),
      // hosts that are not within one another
      ...(devUrlsHost !== undefined && { devUrlsHost: `${devUrlsHost}.dev` }),
      ...(editorsHost !== undefined && { editorsHost: `${editorsHost}.ide` }),
      ...(answers.database !== undefined && { database: { ...database, caFile } }),
      registry: {
        ...registry,
        ...(release !== undefined && bundle === undefined && { kind: 'existing' }),
        ...(username !== undefined && passwordFile !== undefined && { username, passwordFile }),
      },
    }
  },
)
