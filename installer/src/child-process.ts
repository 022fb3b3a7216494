import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { printable } from './printable.ts'

/** Milliseconds that a program of somebody else may take. What changes a cluster has the time of its stage (`helm.ts`). */
export const childTimes = {
  /** helm, to render a chart: 16 MiB take it a quarter of a minute */
  render: 300_000,
  /** helm, to ask a cluster something */
  ask: 120_000,
  /** a credential helper of Docker */
  credentials: 30_000,
  /** a program, to say its version */
  version: 5_000,
} as const

export interface ChildRun {
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  /** what it reads from standard input; default: nothing */
  stdin?: string | undefined
  /** milliseconds after which it is ended as by `signal` */
  time: number
  /** milliseconds from being asked to end to being killed */
  grace: number
  /** bytes of standard output after which it is killed */
  output: number
  /** bytes of memory after which it is killed (Linux; elsewhere there is no limit) */
  memory?: number | undefined
  /** asks it to end */
  signal?: AbortSignal | undefined
  /** kills it at once */
  kill?: AbortSignal | undefined
  /** called with each line that it says on standard error, printable */
  onLine?: ((line: string) => void) | undefined
  onStart?: ((pid: number) => void) | undefined
}

export interface ChildEnd {
  status: number | null
  stdout: Buffer
  /** the last lines of standard error, printable */
  stderr: string
  /** the limit that it was ended for */
  beyond?: 'time' | 'output' | 'memory'
}

/** lines of standard error that are kept, and that are told; characters of one */
const lines = { kept: 40, told: 10_000, length: 2000 }
/** milliseconds between looks at its memory, and until pipes are closed that somebody beyond its group holds */
const pauses = { memory: 50, pipes: 1000 }

/**
 * Runs a program to its end or to the first limit, whichever comes first. It has a process group of its own, which is killed
 * when it has ended: nothing that it started there stays.
 * @throws the error of `spawn` where it does not start
 */
export async function runChild(program: string, run: ChildRun): Promise<ChildEnd> {
  const child = spawn(program, run.args, { env: run.env ?? process.env, stdio: 'pipe', detached: true })
  const { promise: closed, resolve, reject } = Promise.withResolvers<number | null>()
  const timers: NodeJS.Timeout[] = []
  let beyond: ChildEnd['beyond']
  const kill = () => killGroup(child.pid)
  // itself alone: what it works with it may need to end in order
  const ask = () => {
    child.kill('SIGTERM')
    timers.push(setTimeout(kill, run.grace))
  }
  const stop = (limit: NonNullable<ChildEnd['beyond']>) => {
    beyond ??= limit
    if (limit === 'time') ask()
    else kill()
  }
  child.once('error', reject)
  child.once('exit', () => {
    kill()
    timers.push(
      setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, pauses.pipes),
    )
  })
  child.once('close', resolve)
  // it may end before it has read its input
  child.stdin.on('error', () => {})
  child.stdin.end(run.stdin ?? '')

  const chunks: Buffer[] = []
  let size = 0
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= run.output) chunks.push(chunk)
    else stop('output')
  })
  const tail: string[] = []
  let told = 0
  onLines(child.stderr, (line) => {
    tail.push(line)
    if (tail.length > lines.kept) tail.shift()
    if (++told <= lines.told) run.onLine?.(line)
  })
  timers.push(setTimeout(stop, run.time, 'time'))
  if (run.memory !== undefined)
    timers.push(setInterval(() => memoryOf(child.pid) > (run.memory as number) && stop('memory'), pauses.memory))
  if (run.signal?.aborted) ask()
  run.signal?.addEventListener('abort', ask, { once: true })
  run.kill?.addEventListener('abort', kill, { once: true })
  try {
    if (child.pid !== undefined) run.onStart?.(child.pid)
    const status = await closed
    return { status, stdout: Buffer.concat(chunks), stderr: tail.join('\n'), ...(beyond && { beyond }) }
  } finally {
    for (const timer of timers) clearTimeout(timer)
    run.signal?.removeEventListener('abort', ask)
    run.kill?.removeEventListener('abort', kill)
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nothing of it is left
  }
}

/** Resident bytes of a process (proc_pid_status(5)); 0 where nobody can tell. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Calls back with each line of a stream, cut: one without an end is not kept. */
function onLines(stream: Readable, call: (line: string) => void): void {
  let line = ''
  const end = () => {
    if (line !== '') call(printable(line))
    line = ''
  }
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const [first = '', ...rest] = text.split('\n')
    line = (line + first).slice(0, lines.length)
    for (const next of rest) {
      end()
      line = next.slice(0, lines.length)
    }
  })
  stream.on('close', end)
}
