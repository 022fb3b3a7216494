import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ProgressStream } from '../progress.ts'
import type { Ask } from './ask.ts'

export interface Terminal {
  ask: Ask
  /** where progress is shown */
  stream: ProgressStream
  /** Gives the terminal back. */
  close(): void
}

export interface TerminalOptions {
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  /** value of $TERM */
  type: string | undefined
  /** ask line by line, whatever the terminal could do */
  plain: boolean
}

/**
 * The way to ask on a terminal: prompts with a cursor where it can place one, else line by line, as on a serial console.
 * @throws SealiftError USAGE_NO_TERMINAL where nobody can be asked
 */
export async function openTerminal({ input, output, type, plain }: TerminalOptions): Promise<Terminal> {
  if (!input.isTTY || !output.isTTY)
    throw new SealiftError('USAGE_NO_TERMINAL', 'there is no terminal to ask on', {
      why: 'input or output is a file or a pipe',
      fix: 'with all answers in a file: sealift install --headless --answers FILE; in a browser: sealift install --listen HOST:PORT',
    })
  // a terminal that does not say what it is, or how wide, draws prompts over one another
  if (plain || !type || type === 'dumb' || type === 'unknown' || !output.columns) {
    const { linesOn } = await import('./ask-lines.ts')
    const ask = linesOn(input, output)
    // without a cursor that moves, progress is lines as in a log
    return { ask, stream: { isTTY: false, write: (text) => output.write(text) }, close: ask.close }
  }
  const { promptsOn } = await import('./ask-prompts.ts')
  return { ask: await promptsOn({ input, output }), stream: output, close: () => {} }
}
