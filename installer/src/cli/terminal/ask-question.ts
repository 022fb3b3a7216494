import type { Question } from '../../answers/questions.ts'
import { type Ask, type Back, back } from './ask.ts'

/** What one types to take an answer back. */
const nothing = '-'

export interface Asking {
  /** it may stay without an answer, and says so */
  optional: boolean
  /** the answer so far */
  current: unknown
  /** values that are there to choose from, such as the contexts of a kubeconfig */
  found?: readonly string[] | undefined
  /** Answers; says what is wrong with it, or nothing. Null takes the answer back. */
  answer(value: unknown): Promise<string | undefined>
}

/** Asks one question until it has an answer that holds; what is answered already counts where nothing else is said. */
export async function askQuestion(
  ask: Ask,
  question: Question,
  asking: Asking,
  signal: AbortSignal,
): Promise<Back | undefined> {
  const { title, kind } = question
  const message = asking.optional ? `${title} (optional)` : title
  const current = asking.current ?? question.default
  if (kind === 'values') {
    const count = Object.keys((asking.current as object | undefined) ?? {}).length
    ask.say(
      `${title}: ${count === 0 ? 'none' : `${count} set`}; they are set in an answers file, which the review reads`,
    )
    return undefined
  }
  const choices = choicesOf(question, asking.found)
  if (choices) {
    for (;;) {
      const chosen = await ask.choice(
        {
          message,
          help: question.description,
          choices,
          fallback: kind === 'flag' ? current === true || null : (current ?? null),
        },
        signal,
      )
      if (chosen === back) return back
      const wrong = await asking.answer(chosen)
      if (wrong === undefined) return undefined
      ask.say(`  ! ${wrong}`)
    }
  }
  const fallback = textOf(current)
  const text = await ask.text(
    {
      message,
      help: helpOf(question, fallback !== undefined),
      fallback,
      // what the text stands for is the answer as soon as it holds
      fault: (text) => asking.answer(answerOf(question, text)),
    },
    signal,
  )
  return text === back ? back : undefined
}

function choicesOf({ kind, choices, required }: Question, found: readonly string[] | undefined) {
  const none = required ? [] : [{ value: null, name: 'as it comes' }]
  if (choices) return choices.map(({ value, title }) => ({ value: value as unknown, name: value, help: title }))
  if (kind === 'flag')
    return [
      { value: true as unknown, name: 'yes' },
      { value: null, name: 'no' },
    ]
  if (found && found.length > 0) return [...none, ...found.map((value) => ({ value: value as unknown, name: value }))]
  return undefined
}

function helpOf({ description, kind, required }: Question, has: boolean): string {
  const list = kind === 'list' ? ' Several: separated by commas.' : ''
  const none = required ? '' : has ? ` ${nothing} leaves it out.` : ' An empty line leaves it out.'
  return `${description}${list}${none}`
}

/** The value that a line stands for; what is no number stays text, which is then refused at the field. */
function answerOf({ kind, required }: Question, text: string): unknown {
  if (text === nothing || (text === '' && !required)) return null
  if (kind === 'number') return /^-?\d+$/.test(text) ? Number(text) : text
  if (kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
  return text
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : Array.isArray(value) ? value.join(', ') : String(value)
