import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Question } from '../../../../installer/src/answers/questions.ts'
import { questions } from '../../../../installer/src/answers/questions.ts'
import { back } from '../../../../installer/src/cli/terminal/ask.ts'
import { type Asking, askQuestion } from '../../../../installer/src/cli/terminal/ask-question.ts'
import { typed } from './typed.ts'

const at = (pointer: string): Question => questions.find((question) => question.pointer === pointer) as Question

/** Asks a question on a terminal where these lines are typed; gives what was answered. */
async function answered(question: Question, lines: string[], asking: Partial<Asking> = {}) {
  const { ask, shown } = typed(...lines)
  const given: unknown[] = []
  const answer = async (value: unknown) => {
    given.push(value)
    return asking.answer?.(value)
  }
  const went = await askQuestion(
    ask,
    question,
    { current: undefined, optional: false, ...asking, answer },
    new AbortController().signal,
  )
  return { given, went, shown: shown() }
}

test('a list is typed with commas between', async () => {
  const { given } = await answered(at('/trust'), ['a.pub, b.pub'])
  assert.deepEqual(given, [['a.pub', 'b.pub']])
})

test('an optional answer is left out by an empty line, and taken back by -', async () => {
  assert.deepEqual((await answered(at('/devUrlsHost'), [''])).given, [null])
  assert.deepEqual((await answered(at('/devUrlsHost'), ['-'], { current: 'dev.site.example' })).given, [null])
  assert.deepEqual((await answered(at('/devUrlsHost'), [''], { current: 'dev.site.example' })).given, [
    'dev.site.example',
  ])
})

test('a choice offers the words of the schema, with what they mean', async () => {
  const { given, shown } = await answered(at('/mode'), ['connected'])
  assert.deepEqual(given, ['connected'])
  assert.match(shown, /1\) airgapped - /)
})

test('what was found is there to choose from', async () => {
  const { given, shown } = await answered(at('/context'), ['2'], { found: ['lab', 'bank'] })
  assert.deepEqual(given, ['lab'])
  assert.match(shown, /1\) as it comes\n {2}2\) lab\n {2}3\) bank/)
})

test('a number that is none goes to the field as it is typed, which refuses it there', async () => {
  const numbers = questions.find(({ kind }) => kind === 'number') as Question
  const answer = async (value: unknown) => (typeof value === 'number' ? undefined : 'it must be a whole number')
  const { given, shown } = await answered(numbers, ['many', '3'], { answer })
  assert.deepEqual(given, ['many', 3])
  assert.match(shown, /! it must be a whole number/)
})

test('going back answers nothing', async () => {
  const { given, went } = await answered(at('/host'), ['<'])
  assert.equal(went, back)
  assert.deepEqual(given, [])
})
