import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Ask, back, backWord } from './ask.ts'

/**
 * Questions line by line, without colours or a cursor that moves: for a serial console, a screen reader, or a terminal that
 * nobody knows. Choices have numbers.
 */
export function linesOn(input: Readable, output: Writable): Ask & { close(): void } {
  // `terminal: false`: the console edits the line, nothing is drawn again
  const lines = createInterface({ input, terminal: false })
  const read = reader(lines)
  const say = (text: string) => void output.write(`${text}\n`)
  const ask = async (message: string, help: string | undefined, fallback: string | undefined, signal: AbortSignal) => {
    say(`${message}${help ? `\n  ${help.replaceAll('\n', '\n  ')}` : ''}`)
    output.write(fallback === undefined ? '> ' : `[${fallback}] > `)
    const line = (await read(signal)).trim()
    return line === '' ? (fallback ?? '') : line
  }
  return {
    async text({ message, help, fallback, fault }, signal) {
      for (;;) {
        const text = await ask(message, help, fallback, signal)
        if (text === backWord) return back
        const wrong = await fault(text)
        if (wrong === undefined) return text
        say(`  ! ${wrong}`)
      }
    },
    async choice({ message, help, choices, fallback }, signal) {
      const listed = choices.map(({ name, help }, i) => `${i + 1}) ${name}${help ? ` - ${help}` : ''}`)
      const at = choices.findIndex(({ value }) => value === fallback)
      for (;;) {
        const text = [...(help ? [help] : []), ...listed].join('\n')
        const answer = await ask(message, text, at < 0 ? undefined : `${at + 1}`, signal)
        if (answer === backWord) return back
        const chosen = choices[Number(answer) - 1] ?? choices.find(({ name }) => name === answer)
        if (chosen) return chosen.value
        say(`  ! answer with a number from 1 to ${choices.length}, or ${backWord} to go back`)
      }
    },
    say,
    close: () => lines.close(),
  }
}

/** Reads lines one by one, also those that came before anyone asked; the end of the input ends the run. */
function reader(lines: Interface): (signal: AbortSignal) => Promise<string> {
  const waiting: string[] = []
  let wanted: PromiseWithResolvers<string> | undefined
  let closed = false
  const ended = () =>
    new SealiftError('USAGE_INTERRUPTED', 'the input ended before all was answered', {
      fix: 'run the same command again: all answers are kept; without a terminal: sealift install --headless --answers FILE',
    })
  lines.on('line', (line) => {
    if (wanted) wanted.resolve(line)
    else waiting.push(line)
    wanted = undefined
  })
  lines.on('close', () => {
    closed = true
    wanted?.reject(ended())
  })
  return async (signal) => {
    signal.throwIfAborted()
    const there = waiting.shift()
    if (there !== undefined) return there
    if (closed) throw ended()
    const reading = Promise.withResolvers<string>()
    wanted = reading
    const stop = () => reading.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await reading.promise
    } finally {
      signal.removeEventListener('abort', stop)
      if (wanted === reading) wanted = undefined
    }
  }
}
