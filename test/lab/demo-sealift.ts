import { type ChildProcess, spawn } from 'node:child_process'
import { buildExecutable } from '../../manifests/executable/build.ts'
import { peakMemoryOf } from '../bench/process-usage.ts'

let executable: Promise<string> | undefined

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
  /** peak resident memory in bytes, as seen every 25 ms */
  peakMemory: number
}

/** The executable of this checkout, as a vendor and an operator have it; built where it is not there yet. */
export function sealiftExecutable(): Promise<string> {
  executable ??= buildExecutable()
  return executable
}

/** Starts the executable; `show` lets its progress through to this terminal. */
export async function startSealift(args: readonly string[], show = false): Promise<ChildProcess> {
  return spawn(await sealiftExecutable(), args, { stdio: ['ignore', 'pipe', show ? 'inherit' : 'pipe'] })
}

/** Runs the executable to its end, at most `timeout` milliseconds. */
export async function runSealift(
  args: readonly string[],
  options: { show?: boolean; timeout?: number } = {},
): Promise<CliResult> {
  const child = await startSealift(args, options.show)
  const output = { stdout: '', stderr: '' }
  const memory = watchMemory(child)
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      output[name] += chunk
      if (options.show && name === 'stdout') process.stdout.write(chunk)
    })
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 20 * 60_000)
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? -1))
  })
  clearTimeout(timer)
  return { exitCode, ...output, peakMemory: memory() }
}

/** Looks how much memory a process takes until it ends; returns what says how much that was at most. */
function watchMemory(child: ChildProcess): () => number {
  let peak = 0
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, peakMemoryOf(child.pid as number) || 0)
    } catch {
      clearInterval(timer)
    }
  }, 25)
  child.once('exit', () => clearInterval(timer))
  return () => peak
}

/** Runs the executable and throws with all that it said where it does not end with 0. */
export async function sealift(
  args: readonly string[],
  options: { show?: boolean; timeout?: number } = {},
): Promise<CliResult> {
  const result = await runSealift(args, options)
  const { exitCode, stdout, stderr } = result
  if (exitCode !== 0)
    throw new Error(`sealift ${args.slice(0, 2).join(' ')} ended with ${exitCode}\n${stdout}${stderr}`)
  return result
}
