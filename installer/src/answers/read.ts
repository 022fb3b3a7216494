import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml'
import { complete, withAbsolutePaths } from './complete.ts'
import { type Draft, isGroup } from './draft.ts'
import { type Fault, faultsOf } from './fault.ts'
import { settled } from './questions.ts'
import type { CompleteAnswers } from './schema.ts'

/**
 * Reads an answers file (YAML or JSON): checked, with defaults, paths made absolute.
 * @throws SealiftError USAGE_ANSWERS naming line and field, and the field that was probably meant
 */
export const readAnswers = (file: string): CompleteAnswers => parseAnswers(textOf(file), path.resolve(file))

/** The text of an answers file. @throws SealiftError USAGE_ANSWERS */
export function textOf(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > limits.configuration) throw new Error(`it is larger than ${limits.configuration} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    throw new SealiftError('USAGE_ANSWERS', `the answers file ${file} cannot be read`, {
      why: (cause as Error).message,
      fix: 'sealift answers init --out answers.yaml makes one to fill in',
      cause,
    })
  }
}

/** Answers as they stand in a text, with all that is wrong with them. */
export interface AnswersText {
  /** with paths made absolute */
  draft: Draft
  faults: Fault[]
  /** where a field stands; where it is missing, the nearest thing around it */
  lineOf(pointer: string): number
}

/**
 * Reads a text as answers without judging them; `file` is named in errors, and relative paths count from its directory.
 * @throws SealiftError USAGE_ANSWERS where it is no YAML that could hold any
 */
export function readDraft(text: string, file: string): AnswersText {
  const lines = new LineCounter()
  const refuse = (line: number | undefined, what: string, fix?: string, cause?: unknown) =>
    new SealiftError('USAGE_ANSWERS', `${file}${line === undefined ? '' : `:${line}`}: ${what}`, { fix, cause })
  const document = onlyDocument(text, lines, refuse)
  const value = toPlain(document, refuse)
  return {
    draft: isGroup(value) ? withAbsolutePaths(value, path.dirname(file)) : {},
    faults: faultsOf(value),
    lineOf: (pointer) => lineAt(document, lines, pointer.split('/').slice(1).map(pointerPart)),
  }
}

/** Reads answers from text; `file` is named in errors, and relative paths count from its directory. */
export function parseAnswers(text: string, file: string): CompleteAnswers {
  const { draft, faults, lineOf } = readDraft(text, file)
  const [first] = faults
  if (first)
    throw new SealiftError('USAGE_ANSWERS', `${file}:${lineOf(first.pointer)}: ${said(first)}`, { fix: first.fix })
  return complete(settled(draft)) as CompleteAnswers
}

/** A fault with the name of its field in front: `registry.address: it has a space in it`. */
export function said({ pointer, message }: Fault): string {
  const name = pointer.split('/').slice(1).map(pointerPart).join('.').slice(0, 200)
  return name === '' ? message : `${name}: ${message}`
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
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 0 })) ?? 'null')
  } catch (cause) {
    throw refuse(undefined, 'it cannot be taken as answers', (cause as Error).message, cause)
  }
}

/** The line of a field; of the nearest thing around it where it is missing. */
function lineAt(document: Document, lines: LineCounter, keys: readonly string[]): number {
  for (let i = keys.length; i > 0; i--) {
    const path = keys.slice(0, i).map((key) => (/^\d+$/.test(key) ? Number(key) : key))
    const node = document.getIn(path, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

const pointerPart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
