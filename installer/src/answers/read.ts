import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { checkRegistry } from '@sealift/bundle-spec/site.ts'
import { siteHostsFault } from '@sealift/bundle-spec/site-hosts.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml'
import { nearest } from './nearest.ts'
import { Answers, type CompleteAnswers } from './schema.ts'

/**
 * Reads an answers file (YAML or JSON): checked, with defaults, paths made absolute.
 * @throws SealiftError USAGE_ANSWERS naming line and field, and the field that was probably meant
 */
export function readAnswers(file: string): CompleteAnswers {
  const where = path.resolve(file)
  let text: string
  try {
    const { size } = statSync(where)
    if (size > limits.configuration) throw new Error(`it is larger than ${limits.configuration} bytes`)
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(where))
  } catch (cause) {
    throw new SealiftError('USAGE_ANSWERS', `the answers file ${file} cannot be read`, {
      why: (cause as Error).message,
      fix: 'name it: --answers FILE',
      cause,
    })
  }
  return parseAnswers(text, where)
}

/** Reads answers from text; `file` is named in errors, and relative paths count from its directory. */
export function parseAnswers(text: string, file: string): CompleteAnswers {
  const lines = new LineCounter()
  const refuse = (line: number | undefined, what: string, fix?: string, cause?: unknown) =>
    new SealiftError('USAGE_ANSWERS', `${file}${line === undefined ? '' : `:${line}`}: ${what}`, { fix, cause })
  const document = onlyDocument(text, lines, refuse)
  const lineOf = (keys: readonly string[]): number | undefined => lineAt(document, lines, keys)
  const value = toPlain(document, refuse)

  const errors = Value.Errors(Answers, value).filter((error) => error.keyword !== 'boolean')
  // a misspelt field is missing, too: its wrong name helps more
  const first = errors.find((error) => error.keyword === 'additionalProperties') ?? errors[0]
  if (first) {
    const keys = first.instancePath.split('/').slice(1).map(pointerPart)
    const { additionalProperties, requiredProperties, allowedValues } = first.params as Record<
      string,
      string[] | undefined
    >
    const unknown = additionalProperties?.[0]
    if (unknown !== undefined) {
      const known = fieldsAt(keys)
      const meant = nearest(unknown, known)
      throw refuse(
        lineOf([...keys, unknown]),
        `there is no field ${quoted([...keys, unknown])}`,
        meant ? `did you mean "${meant}"?` : `the fields here: ${known.join(', ')}`,
      )
    }
    if (requiredProperties?.[0] !== undefined)
      throw refuse(
        lineOf(keys),
        `the field ${quoted([...keys, requiredProperties[0]])} is missing`,
        explain([...keys, requiredProperties[0]]),
      )
    const must = allowedValues ? `must be one of: ${allowedValues.join(', ')}` : first.message
    throw refuse(lineOf(keys), `the field ${quoted(keys)} ${must}`, explain(keys))
  }

  const answers = Value.Default(Answers, value) as CompleteAnswers
  answers.namespace ??= 'cde'
  answers.serviceType ??= 'LoadBalancer'
  try {
    checkRegistry(answers.registry.address)
  } catch (cause) {
    const { message, why } = cause as SealiftError
    throw refuse(lineOf(['registry', 'address']), message, why, cause)
  }
  if ((answers.registry.username === undefined) !== (answers.registry.passwordFile === undefined))
    throw refuse(lineOf(['registry']), 'registry.username and registry.passwordFile belong together')
  const fault = siteHostsFault(answers)
  if (fault !== undefined)
    throw refuse(lineOf([answers.editorsHost === undefined ? 'devUrlsHost' : 'editorsHost']), fault)
  return absolute(Answers, answers, path.dirname(file)) as CompleteAnswers
}

type Refuse = (line: number | undefined, what: string, fix?: string, cause?: unknown) => SealiftError

function onlyDocument(text: string, lines: LineCounter, refuse: Refuse): Document {
  let documents: Document[]
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent' }) as Document[]
  } catch (cause) {
    throw refuse(undefined, 'it is not YAML', undefined, cause)
  }
  const [document] = documents
  if (document === undefined) throw refuse(undefined, 'it is empty', 'start with: apiVersion: sealift.dev/v1')
  if (documents.length > 1) throw refuse(undefined, 'it holds more than one document', 'remove the lines ---')
  const [error] = document.errors
  if (error) throw refuse(error.linePos?.[0].line, `it is not YAML: ${error.message.split('\n')[0]}`, undefined, error)
  return document
}

function toPlain(document: Document, refuse: Refuse): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    const text = JSON.stringify(value) ?? 'null'
    if (text.includes('"__proto__"')) throw new Error('it has a field __proto__')
    return JSON.parse(text)
  } catch (cause) {
    throw refuse(undefined, 'it cannot be taken as answers', (cause as Error).message, cause)
  }
}

/** The line of a field; of the nearest thing around it where it is missing. */
function lineAt(document: Document, lines: LineCounter, keys: readonly string[]): number | undefined {
  for (let i = keys.length; i > 0; i--) {
    const path = keys.slice(0, i).map((key) => (/^\d+$/.test(key) ? Number(key) : key))
    const node = document.getIn(path, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** The schema of a field by its path. */
function schemaAt(keys: readonly string[]): Type.TSchema | undefined {
  let at: Type.TSchema | undefined = Answers
  for (const key of keys)
    at = at && Type.IsObject(at) ? at.properties[key] : at && Type.IsArray(at) ? at.items : undefined
  return at
}

function fieldsAt(keys: readonly string[]): string[] {
  const schema = schemaAt(keys)
  return schema && Type.IsObject(schema) ? Object.keys(schema.properties) : []
}

const explain = (keys: readonly string[]): string | undefined =>
  (schemaAt(keys) as { description?: string } | undefined)?.description

const quoted = (keys: readonly string[]): string => `"${keys.join('.').slice(0, 200)}"`
const pointerPart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** Makes the paths (`file: true`) in a value absolute. */
function absolute(schema: Type.TSchema, value: unknown, directory: string): unknown {
  if (Type.IsObject(schema) && typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => {
        const of = schema.properties[k]
        return [k, of ? absolute(of, v, directory) : v]
      }),
    )
  if (Type.IsArray(schema) && Array.isArray(value)) return value.map((item) => absolute(schema.items, item, directory))
  return (schema as { file?: boolean }).file && typeof value === 'string' ? path.resolve(directory, value) : value
}
