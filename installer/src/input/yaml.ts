import { limits } from '@sealift/bundle-spec/limits.ts'
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml'
import { type Dialect, plainOf } from './yaml-plain.ts'

/** Where something stands in a text, counted from 1. */
export interface Place {
  line: number
  column: number
}

/** Makes a caller's own failure of the reason why a text is not taken, and of where in it. */
export type RefuseAt = (why: string, at?: Place, cause?: unknown) => Error

/** `FILE:LINE:COLUMN`; the file alone where nothing is known of the rest. */
export const placeIn = (file: string, at: Place | undefined): string =>
  at === undefined ? file : `${file}:${at.line}:${at.column}`

/** What a text of YAML says, as plain data. */
export interface Yaml {
  value: unknown
  /** where a field stands; where it is missing, the nearest thing around it */
  placeOf(field: readonly (string | number)[]): Place
}

/**
 * Reads YAML that people write for Sealift: one document of plain maps, lists and scalars (YAML 1.2, JSON and all). Aliases,
 * anchors, merge keys, tags and keys twice are refused: what counts is what one reads.
 * @throws what `refuse` makes
 */
export const parseYaml = (text: string, refuse: RefuseAt): Yaml => parse(text, 'strict', refuse)

/**
 * Reads YAML of a chart, which is written for Helm: with aliases and merge keys, within bounds.
 * @throws what `refuse` makes
 */
export const parseChartYaml = (text: string, refuse: RefuseAt): Yaml => parse(text, 'helm', refuse)

function parse(text: string, dialect: Dialect, refuse: RefuseAt): Yaml {
  const lines = new LineCounter()
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  // of a megabyte of brackets the parser makes a gigabyte
  let tokens = 0
  for (const _ of new Lexer().lex(text))
    if (++tokens > limits.yamlTokens) throw refuse(`it has more than ${limits.yamlTokens} words and marks`)
  const tooDeep = (cause: unknown) => refuse(`it is nested deeper than ${limits.yamlDepth}`, undefined, cause)
  let documents: Document[]
  try {
    // its own search for keys twice takes a minute for 100,000 of them
    documents = parseAllDocuments(text, {
      ...{ lineCounter: lines, logLevel: 'silent', prettyErrors: false, uniqueKeys: false },
    }) as Document[]
  } catch (cause) {
    throw cause instanceof RangeError ? tooDeep(cause) : refuse('it is not YAML', undefined, cause)
  }
  const [document, second] = documents
  const [error] = document?.errors ?? []
  if (error?.message.includes('call stack')) throw tooDeep(error)
  if (error) throw refuse(`it is not YAML: ${error.message}`, at(error.pos[0]), error)
  if (second && dialect === 'strict')
    throw refuse('it holds more than one document: remove the lines ---', at(second.range?.[0] ?? 0))
  const contents = (document?.contents ?? null) as Node | null
  const value = plainOf(contents, dialect, (why, node) => refuse(why, node?.range ? at(node.range[0]) : undefined))
  return { value, placeOf: (field) => at(nearest(contents, field)) }
}

/** The offset of a field, or of the nearest thing around it. */
function nearest(contents: Node | null, field: readonly (string | number)[]): number {
  let node: unknown = contents
  let offset = 0
  for (const key of [undefined, ...field.map(String)]) {
    if (key !== undefined) {
      if (isMap(node))
        node = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value ?? '') === key)?.value
      else node = isSeq(node) && /^\d+$/.test(key) ? node.items[Number(key)] : undefined
    }
    if (!isNode(node) || isAlias(node) || !node.range) break
    offset = node.range[0]
  }
  return offset
}
