import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { stagePrinter } from '../../../../installer/src/cli/stage-printer.ts'
import { back } from '../../../../installer/src/cli/terminal/ask.ts'
import { openTerminal } from '../../../../installer/src/cli/terminal/open.ts'

/** A terminal of a kind; `typed` is what somebody types, `shown` what it got. */
function terminal({ isTTY = true, columns = 80 } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => {} })
  const output = Object.assign(new PassThrough(), { isTTY, columns, rows: 24 })
  // as a terminal: a prompt that ends does not end it
  output.end = () => output
  let shown = ''
  output.on('data', (chunk: Buffer) => {
    shown += chunk
  })
  const streams = { input: input as unknown as NodeJS.ReadStream, output: output as unknown as NodeJS.WriteStream }
  /** Waits until it shows something new. */
  const shows = async (text: string) => {
    while (!shown.includes(text)) await new Promise((resolve) => setImmediate(resolve))
    shown = ''
  }
  return { ...streams, typed: (text: string) => void input.write(text), shown: () => shown, shows }
}

const never = new AbortController().signal
const namespace = { message: 'Namespace', fallback: 'cde', fault: async () => undefined }
const ansi = /\x1b/

test('without a terminal it says what to use instead', async () => {
  await assert.rejects(openTerminal({ ...terminal({ isTTY: false }), type: 'xterm', plain: false }), {
    code: 'USAGE_NO_TERMINAL',
    fix: /--headless --answers FILE/,
  })
})

for (const [what, { type, plain, columns }] of Object.entries({
  'that is dumb': { type: 'dumb', plain: false, columns: 80 },
  'that says nothing of itself': { type: undefined, plain: false, columns: 80 },
  'without a width, as on a serial line': { type: 'vt220', plain: false, columns: 0 },
  'where it is asked for': { type: 'xterm', plain: true, columns: 80 },
}))
  test(`on a terminal ${what} it asks line by line`, async (t) => {
    const { typed, shown, shows: _, ...streams } = terminal({ columns })
    const { ask, stream, close } = await openTerminal({ ...streams, type, plain })
    t.after(close)
    typed('\n')
    assert.equal(await ask.text(namespace, never), 'cde')
    stagePrinter(stream).show({ type: 'progress', stage: 'verify', done: 1, total: 2, unit: 'items' })
    assert.doesNotMatch(shown(), ansi)
  })

test('elsewhere it asks with prompts: text, what is wrong with it, choices, and the way back', async () => {
  const { typed, shown, shows, ...streams } = terminal()
  const { ask } = await openTerminal({ ...streams, type: 'xterm-256color', plain: false })
  const text = ask.text({ ...namespace, fault: async (text) => (text === 'CDE' ? 'upper case' : undefined) }, never)
  await shows('Namespace')
  typed('CDE\r')
  await shows('upper case')
  typed('\x7f\x7f\x7fsite\r')
  assert.equal(await text, 'site')
  assert.match(shown(), ansi)

  const choices = [
    { value: 'a', name: 'one' },
    { value: 'b', name: 'two' },
  ]
  const choice = ask.choice({ message: 'Which?', choices, fallback: 'b' }, never)
  await shows('two')
  typed('\r')
  assert.equal(await choice, 'b')
  const other = ask.choice({ message: 'And?', choices, fallback: 'b' }, never)
  await shows('And?')
  typed('\x1b[B')
  typed('\r')
  assert.equal(await other, back)
})

test('what ends a run ends a prompt, with its reason', async () => {
  const { typed: _, shown: __, shows, ...streams } = terminal()
  const { ask } = await openTerminal({ ...streams, type: 'xterm-256color', plain: false })
  const controller = new AbortController()
  const asking = ask.text(namespace, controller.signal)
  await shows('Namespace')
  controller.abort(new Error('the phase has changed'))
  await assert.rejects(asking, { message: 'the phase has changed' })
})

test('Ctrl-C in a prompt is an interruption as everywhere', async () => {
  const { typed, shown: _, shows, ...streams } = terminal()
  const { ask } = await openTerminal({ ...streams, type: 'xterm-256color', plain: false })
  const asking = ask.text(namespace, never)
  await shows('Namespace')
  typed('\x03')
  await assert.rejects(asking, { code: 'USAGE_INTERRUPTED' })
})
