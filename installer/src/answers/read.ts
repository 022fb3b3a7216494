import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readSmallText } from '../input/small-file.ts'
import { parseYaml, placeIn } from '../input/yaml.ts'
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
  return readSmallText(
    file,
    limits.configuration,
    (why, cause) =>
      new SealiftError('USAGE_ANSWERS', `the answers file ${file} cannot be read`, {
        why,
        fix: 'sealift answers init --out answers.yaml makes one to fill in',
        cause,
      }),
  )
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
  const { value, placeOf } = parseYaml(
    text,
    (why, at, cause) => new SealiftError('USAGE_ANSWERS', `${placeIn(file, at)}: ${why}`, { cause }),
  )
  if (value === null)
    throw new SealiftError('USAGE_ANSWERS', `${file}: it is empty`, { fix: 'start with: apiVersion: sealift.dev/v1' })
  return {
    draft: isGroup(value) ? withAbsolutePaths(value, path.dirname(file)) : {},
    faults: faultsOf(value),
    lineOf: (pointer) => placeOf(pointer.split('/').slice(1).map(pointerPart)).line,
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

const pointerPart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
