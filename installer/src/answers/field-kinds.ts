import * as Type from 'typebox'
import type { Format } from './formats/formats.ts'

/** The wizard's pages that ask something, in their order. */
export const questionPages = ['bundle', 'license', 'mode', 'cluster', 'registry', 'names', 'data', 'sizes'] as const
export type QuestionPage = (typeof questionPages)[number]

/** What the schema says of a field beside its type. */
export interface FieldNotes {
  title: string
  description: string
  /** for fields at the top that are asked: where; fields below are on the same page */
  page?: QuestionPage
  /** the field that may be answered in place of this one: one of the two has to be */
  orElse?: string
}

/** A text that is held to a form; `format` says in plain words what is wrong with it. */
export const text = (format: Format, notes: FieldNotes & { default?: string }) =>
  Type.String({ ...notes, minLength: 1, format })

/** Any text on one line. */
export const words = (notes: FieldNotes & { default?: string }, maxLength: number) =>
  Type.String({ ...notes, minLength: 1, maxLength })

/** A path. A relative one counts from the answers file. */
export const file = (notes: FieldNotes) =>
  Type.String({ ...notes, minLength: 1, maxLength: 4096, format: 'path', file: true })

/** A path to a file with a secret: nothing but the path may be shown or kept. */
export const secretFile = (notes: FieldNotes) =>
  Type.String({ ...notes, minLength: 1, maxLength: 4096, format: 'path', file: true, secret: true })

/** One of some words; `choices` says of each what it means. */
export const choice = <const C extends Record<string, string>>(
  choices: C,
  notes: FieldNotes & { default?: keyof C & string },
) => Type.Enum(Object.keys(choices) as (keyof C & string)[], { ...notes, choices })

/** Fields that belong together. An optional group is asked as a flag first. */
export const group = <P extends Record<string, Type.TSchema>>(notes: FieldNotes, properties: P) =>
  Type.Object(properties, { ...notes, additionalProperties: false })
