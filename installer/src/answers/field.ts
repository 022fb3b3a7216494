import type { QuestionPage } from './field-kinds.ts'
import type { Format } from './formats/formats.ts'
import { Answers } from './schema.ts'

/** A field of the schema as plain data: the part of JSON Schema that `Answers` uses, and its notes. */
export interface Field {
  type?: 'string' | 'integer' | 'boolean' | 'array' | 'object'
  title: string
  description?: string
  page?: QuestionPage
  orElse?: string
  default?: string | number | boolean
  const?: string
  enum?: readonly string[]
  /** of each word of `enum`, what it means */
  choices?: Readonly<Record<string, string>>
  /** what a text is held to */
  format?: Format
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  /** the value is a path */
  file?: true
  /** the file's content is secret */
  secret?: true
  items?: Field
  minItems?: number
  maxItems?: number
  /** a group has these and no others; an object without them takes anything */
  properties?: Readonly<Record<string, Field>>
  required?: readonly string[]
}

/** All answers. */
export const root = Answers as unknown as Field

/** The field that a JSON pointer (RFC 6901) names, without the items of lists; undefined where there is none. */
export function fieldAt(pointer: string): Field | undefined {
  let field: Field | undefined = root
  for (const key of pointer.split('/').slice(1))
    field = field?.properties !== undefined && Object.hasOwn(field.properties, key) ? field.properties[key] : undefined
  return field
}
