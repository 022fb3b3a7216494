import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Ask, back, backWord } from './ask.ts'

type Streams = { input: NodeJS.ReadStream; output: NodeJS.WriteStream }

/** Prompts with arrow keys and colours, for a terminal that can place its cursor. */
export async function promptsOn(streams: Streams): Promise<Ask> {
  const { default: input } = await import('@inquirer/input')
  const { default: select } = await import('@inquirer/select')
  return {
    async text({ message, help, fallback, fault }, signal) {
      if (help) streams.output.write(`  ${help}\n`)
      const text = await input(
        {
          message,
          ...(fallback === undefined ? {} : { default: fallback }),
          validate: async (text) => text.trim() === backWord || ((await fault(text.trim())) ?? true),
        },
        { ...streams, signal },
      ).catch((error) => ended(error, signal))
      return text.trim() === backWord ? back : text.trim()
    },
    async choice({ message, help, choices, fallback }, signal) {
      if (help) streams.output.write(`  ${help}\n`)
      // symbols and objects are values too: prompts are asked for the number of a choice
      const number = await select(
        {
          message,
          choices: [
            ...choices.map(({ name, help }, value) => ({ name, value, ...(help ? { description: help } : {}) })),
            { name: '(back)', value: -1 },
          ],
          default: Math.max(
            0,
            choices.findIndex(({ value }) => value === fallback),
          ),
          pageSize: 12,
          loop: false,
        },
        { ...streams, signal },
      ).catch((error) => ended(error, signal))
      return number === -1 ? back : (choices[number] as (typeof choices)[number]).value
    },
    say: (text) => void streams.output.write(`${text}\n`),
  }
}

/** Ctrl-C, and a signal that ends a prompt, are errors of the library's own; everywhere else they end the run. */
function ended(error: Error, signal: AbortSignal): never {
  if (signal.aborted) throw signal.reason
  if (error.name === 'ExitPromptError')
    throw new SealiftError('USAGE_INTERRUPTED', 'interrupted', {
      fix: 'run the same command again: all answers are kept',
      cause: error,
    })
  throw error
}
