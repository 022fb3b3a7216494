import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What a whole process tree used. `peakMemory` is the resident set of its largest process, in bytes. */
export interface Usage {
  seconds: number
  cpuSeconds: number
  peakMemory: number
}

/** A bash script and where it runs. `directory/tmp` becomes its TMPDIR, `directory/home` its HOME. */
export interface Job {
  script: string
  directory: string
  environment: Readonly<Record<string, string>>
  /** milliseconds until it is killed; 20 minutes by default */
  timeout?: number
  /** called with each line on standard error, and the milliseconds since the start */
  onLine?: (line: string, ms: number) => void
}

export interface RunningJob {
  /** SIGKILL to the whole tree */
  kill: () => void
  /** the usage; undefined where it was killed; rejects where it ends with another exit code than 0 */
  ended: Promise<Usage | undefined>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) killGroup(child)
})

/** Runs a job to its end. @throws Error with the end of its output where it fails */
export async function measure(job: Job): Promise<Usage> {
  const usage = await (await start(job)).ended
  if (usage === undefined) throw new Error('it was killed')
  return usage
}

/** Starts a job under time(1), which sums the CPU time of the tree (wait4), in a process group of its own. */
export async function start(job: Job): Promise<RunningJob> {
  const { directory } = job
  const [home, tmp, report] = [join(directory, 'home'), join(directory, 'tmp'), join(directory, 'time.txt')]
  await Promise.all([mkdir(home, { recursive: true }), mkdir(tmp, { recursive: true }), rm(report, { force: true })])
  const limit = job.timeout ?? 20 * 60_000
  const began = performance.now()
  const child = spawn('time', ['-o', report, '-f', '%U %S %M', 'bash', '-e', '-o', 'pipefail', '-c', job.script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, TMPDIR: tmp, ...job.environment },
  })
  running.add(child)
  let killed = false
  const kill = () => {
    killed = true
    killGroup(child)
  }
  const timer = setTimeout(kill, limit)
  let output = ''
  let line = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000)
    const lines = (line + chunk.toString()).split('\n')
    line = lines.pop() ?? ''
    for (const whole of lines) job.onLine?.(whole, performance.now() - began)
  })
  const ended = new Promise<Usage | undefined>((resolve, reject) => {
    child.on('error', reject)
    // `exit`, not `close`: what a killed tree leaves behind may hold the pipes
    child.on('exit', (code) => {
      const seconds = (performance.now() - began) / 1000
      clearTimeout(timer)
      running.delete(child)
      if (killed) return resolve(undefined)
      if (code !== 0) return setImmediate(() => reject(new Error(`exit ${code}: ${output.trim().slice(-1500)}`)))
      readFile(report, 'utf8').then((text) => resolve({ seconds, ...parseTime(text) }), reject)
    })
  })
  // it may fail before somebody waits for it
  ended.catch(() => undefined)
  return { kill, ended }
}

/** Reads what time(1) writes for `%U %S %M`: seconds, seconds, KiB. Before it there may be a note about the exit code. */
export function parseTime(text: string): { cpuSeconds: number; peakMemory: number } {
  const [user = Number.NaN, system = Number.NaN, kib = Number.NaN] = (text.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number)
  if (Number.isNaN(user + system + kib)) throw new Error(`time(1) said ${JSON.stringify(text)}`)
  return { cpuSeconds: user + system, peakMemory: kib * 1024 }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended already
  }
}
