import path from 'node:path'
import Value from 'typebox/value'
import { parse, stringify } from 'yaml'
import { type Draft, isGroup } from '../answers/draft.ts'
import { fieldAt } from '../answers/field.ts'
import { parseAnswers } from '../answers/read.ts'
import { Answers, type CompleteAnswers } from '../answers/schema.ts'
import type { Fault } from './view.ts'

/** What is wrong with answers that may be incomplete, by pointer. */
export function faultsOf(draft: Draft): Record<string, Fault> {
  const faults: Record<string, Fault> = {}
  for (const error of Value.Errors(Answers, draft)) {
    const { requiredProperties = [], additionalProperties = [] } = error.params as Record<string, string[] | undefined>
    const names = [...requiredProperties, ...additionalProperties]
    for (const pointer of names.length ? names.map((name) => `${error.instancePath}/${name}`) : [error.instancePath])
      faults[pointer] ??= { message: requiredProperties.length ? 'is missing' : error.message }
  }
  return faults
}

/** The answers as every face exports them. */
export const writeAnswers = (draft: Draft): string => stringify(draft)

/** An answers file as a draft; relative paths count from the file. @throws SealiftError USAGE_ANSWERS */
export function importAnswers(text: string, file: string): Draft {
  parseAnswers(text, file)
  return withAbsolutePaths('', parse(text), path.dirname(file)) as Draft
}

/** The answer at a pointer with paths that count from the root of the file system. */
export function withAbsolutePaths(pointer: string, value: unknown, directory: string): unknown {
  const field = fieldAt(pointer)
  const resolved = (item: unknown) => (typeof item === 'string' ? path.resolve(directory, item) : item)
  if (field?.file) return resolved(value)
  if (field?.items?.file && Array.isArray(value)) return value.map(resolved)
  if (!field?.properties || !isGroup(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [key, withAbsolutePaths(`${pointer}/${key}`, below, directory)]),
  )
}

/** A draft as an installation takes it. @throws SealiftError USAGE_ANSWERS */
export const completeAnswers = (draft: Draft, directory: string): CompleteAnswers =>
  parseAnswers(writeAnswers(draft), path.join(directory, 'answers.yaml'))
