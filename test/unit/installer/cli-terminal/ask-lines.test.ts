import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { back } from '../../../../installer/src/cli/terminal/ask.ts'
import { typed } from './typed.ts'

const never = new AbortController().signal
const anything = async () => undefined

test('an empty line is the answer that stands in brackets', async () => {
  const { ask, shown } = typed('')
  assert.equal(await ask.text({ message: 'Namespace', fallback: 'cde', fault: anything }, never), 'cde')
  assert.match(shown(), /Namespace\n\[cde\] > /)
})

test('a wrong answer is asked again, with what is wrong', async () => {
  const { ask, shown } = typed('CDE', 'cde')
  const fault = async (text: string) => (text === 'CDE' ? 'it has upper-case letters' : undefined)
  assert.equal(await ask.text({ message: 'Namespace', fault }, never), 'cde')
  assert.match(shown(), /! it has upper-case letters/)
})

test('< goes back, in text and in a choice', async () => {
  const { ask } = typed('<', '<')
  assert.equal(await ask.text({ message: 'Namespace', fault: anything }, never), back)
  assert.equal(await ask.choice({ message: 'Mode', choices: [{ value: 1, name: 'one' }] }, never), back)
})

test('a choice takes a number or the word, and nothing else', async () => {
  const { ask, shown } = typed('3', '0', 'two', '1')
  const choices = [
    { value: 'a', name: 'one' },
    { value: 'b', name: 'two', help: 'the second' },
  ]
  assert.equal(await ask.choice({ message: 'Which?', choices }, never), 'b')
  assert.equal(await ask.choice({ message: 'Which?', choices }, never), 'a')
  assert.equal(shown().match(/! answer with a number from 1 to 2/g)?.length, 2)
  assert.match(shown(), /2\) two - the second/)
})

test('the end of the input ends the asking, with the way to go on', async () => {
  const { ask, input } = typed()
  const asking = ask.text({ message: 'Namespace', fault: anything }, never)
  input.end()
  await assert.rejects(asking, { code: 'USAGE_INTERRUPTED' })
  await assert.rejects(ask.text({ message: 'Host', fault: anything }, never), ({ code, fix }: SealiftError) =>
    Boolean(code === 'USAGE_INTERRUPTED' && fix?.includes('--headless')),
  )
})

test('a signal ends a question that waits, and the next line is for the next question', async () => {
  const { ask, input } = typed()
  const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(
    new AbortController(),
  )
  const asking = ask.text({ message: 'Press Enter to take over', fault: anything }, signal)
  abort()
  await assert.rejects(asking, { name: 'AbortError' })
  input.write('cde\n')
  assert.equal(await ask.text({ message: 'Namespace', fault: anything }, never), 'cde')
})

test('nothing that a terminal would act on is printed', async () => {
  const { ask, shown } = typed('x')
  await ask.text({ message: 'Namespace', help: 'Where it goes.', fallback: 'cde', fault: anything }, never)
  assert.doesNotMatch(shown(), /[\x00-\x09\x0b-\x1f\x7f]/)
})
