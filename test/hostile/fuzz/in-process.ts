import { run } from '../../../installer/src/cli/program.ts'

export interface Outcome {
  exitCode: number
  stdout: string
  stderr: string
}

/** Runs a command line as `sealift` does, in this process: parsed, run, a failure reported. */
export async function runHere(words: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' }
  const kept = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = ((text: string | Uint8Array, ...rest: unknown[]) => {
      // what is larger than anybody reads would be counted as the command's own memory
      if (said[name].length < 1 << 20) said[name] += Buffer.from(text as Uint8Array).toString()
      const done = rest.findLast((one) => typeof one === 'function') as (() => void) | undefined
      if (done) process.nextTick(done)
      return true
    }) as typeof process.stdout.write
  process.exitCode = 0
  try {
    await run(words)
    return { exitCode: Number(process.exitCode), ...said }
  } finally {
    process.exitCode = 0
    Object.assign(process.stdout, { write: kept.stdout })
    Object.assign(process.stderr, { write: kept.stderr })
  }
}
