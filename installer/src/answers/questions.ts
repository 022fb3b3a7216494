import { answerAt, type Draft, isGroup } from './draft.ts'
import { type Field, fieldAt, root } from './field.ts'
import type { QuestionPage } from './field-kinds.ts'

/** One thing that is asked, as plain data: every face draws it from this. */
export interface Question {
  /** JSON pointer into the answers (RFC 6901) */
  pointer: string
  page: QuestionPage
  title: string
  description: string
  /** a flag is true or not there; for an optional group (`/tls`) it says whether the questions below it are asked */
  kind: 'text' | 'choice' | 'file' | 'secret-file' | 'number' | 'flag' | 'list' | 'values'
  /** of a choice; `title` says what the value means */
  choices?: readonly { value: string; title: string }[]
  /** of a list: what each of its items is */
  items?: 'text' | 'file'
  /** what counts where nothing is answered */
  default?: string | number | boolean
  required: boolean
  /** pointer of the question that is asked where this one is left out: one of the two has to be answered */
  orElse?: string
}

/** All questions, in the order of the pages and of the schema. */
export const questions: readonly Question[] = questionsOf(root, '', undefined)

function questionsOf({ properties = {}, required = [] }: Field, above: string, page?: QuestionPage): Question[] {
  return Object.entries(properties).flatMap(([key, field]) => {
    const pointer = `${above}/${key}`
    const on = page ?? field.page
    if (on === undefined) return []
    const own = field.properties && required.includes(key) ? [] : [question(field, pointer, on, required.includes(key))]
    return field.properties ? [...own, ...questionsOf(field, pointer, on)] : own
  })
}

function question(field: Field, pointer: string, page: QuestionPage, required: boolean): Question {
  const { title, description = '', choices, items, orElse } = field
  return {
    pointer,
    page,
    title,
    description,
    kind: kindOf(field),
    required,
    ...(choices && { choices: Object.entries(choices).map(([value, title]) => ({ value, title })) }),
    ...(orElse !== undefined && { orElse: `${pointer.slice(0, pointer.lastIndexOf('/'))}/${orElse}` }),
    ...(items && { items: items.file ? 'file' : 'text' }),
    ...(field.default !== undefined && { default: field.default }),
  }
}

function kindOf({ type, file, secret, choices, properties }: Field): Question['kind'] {
  if (choices) return 'choice'
  if (file) return secret ? 'secret-file' : 'file'
  if (type === 'object') return properties ? 'flag' : 'values'
  return type === 'integer' ? 'number' : type === 'boolean' ? 'flag' : type === 'array' ? 'list' : 'text'
}

/** A field that another answer settles: it has a say only where this holds. */
const conditions: Readonly<Record<string, (draft: Draft) => boolean>> = {
  '/release': (draft) => answerAt(draft, '/bundle') === undefined,
  '/releaseCaFile': (draft) => answerAt(draft, '/bundle') === undefined && answerAt(draft, '/release') !== undefined,
  '/registry/caFile': (draft) => answerAt(draft, '/registry/plainHttp') !== true,
  '/registry/passwordFile': (draft) => answerAt(draft, '/registry/username') !== undefined,
  '/editorsHost': (draft) => answerAt(draft, '/devUrlsHost') === undefined,
  '/database/caFile': (draft) => answerAt(draft, '/database/sslMode') !== 'disable',
}

/** The questions that these answers do not settle, in their order. Those of a group follow when the group is there. */
export const questionsFor = (draft: Draft): Question[] =>
  questions.filter(({ pointer }) => {
    const above = pointer.slice(0, pointer.lastIndexOf('/'))
    const inGroup = above !== '' && questions.some((other) => other.pointer === above)
    return (!inGroup || answerAt(draft, above) === true) && conditions[pointer]?.(draft) !== false
  })

/**
 * Whether a question that is not answered may stay so, which it then says: of some that are not required by themselves one
 * has to be. `faults` are those of the draft, by pointer.
 */
export const isOptional = (
  { pointer, required, kind }: Question,
  draft: Draft,
  faults: Readonly<Record<string, unknown>>,
): boolean =>
  !required &&
  kind !== 'flag' &&
  kind !== 'choice' &&
  answerAt(draft, pointer) === undefined &&
  faults[pointer] === undefined

/**
 * The answers of a draft without those that others settle. A face keeps these in its draft, so that going back loses
 * nothing; what is checked, shown for review, written and installed is what this gives.
 */
export const settled = (draft: Draft): Draft => without(draft, draft, '')

const without = (draft: Draft, group: Draft, above: string): Draft =>
  Object.fromEntries(
    Object.entries(group)
      .map(([key, value]) => [`${above}/${key}`, key, value] as const)
      .filter(([pointer]) => conditions[pointer]?.(draft) !== false)
      .map(([pointer, key, value]) => [
        key,
        isGroup(value) && fieldAt(pointer)?.properties ? without(draft, value, pointer) : value,
      ]),
  )
