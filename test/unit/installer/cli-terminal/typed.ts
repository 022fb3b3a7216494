import { PassThrough } from 'node:stream'
import { linesOn } from '../../../../installer/src/cli/terminal/ask-lines.ts'

/** A terminal on which these lines are typed, one after the other, and what it shows. */
export function typed(...lines: string[]) {
  const input = new PassThrough()
  const output = new PassThrough()
  let shown = ''
  output.on('data', (chunk: Buffer) => {
    shown += chunk
  })
  for (const line of lines) input.write(`${line}\n`)
  return { ask: linesOn(input, output), input, shown: () => shown }
}
