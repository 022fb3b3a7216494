import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseNginxLine } from './nginx-line.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface NginxOptions {
  binary: string
  configuration: string
  statusSocket: string
  log: Log
}

/** NGINX as a child process that is started again when it ends by itself. */
export interface Nginx {
  readonly pid: number | undefined
  /** how often it ended by itself */
  readonly crashes: number
  start(): Promise<void>
  /** Makes it read its configuration again; old workers live on until their connections end. */
  reload(): void
  /** Lets every connection end, at most for `graceMs`, then ends it hard. */
  quit(graceMs: number): Promise<void>
}

const firstRestartMs = 200
const slowestRestartMs = 10_000
/** Having run this long, the next end is a new accident, in milliseconds. */
const steadyMs = 60_000

export function createNginx({ binary, configuration, statusSocket, log }: NginxOptions): Nginx {
  let child: ChildProcess | undefined
  let crashes = 0
  let delayMs = firstRestartMs
  /** process groups whose master has ended */
  const groups: number[] = []
  let quitting = false

  async function start(): Promise<void> {
    if (quitting) return
    // What a killed NGINX left behind; a second bind to it would fail.
    await rm(statusSocket, { force: true })
    // Its access lines go to our own standard output, its error lines through us.
    // A process group of its own, so that workers can be told to end when their master can't tell them any more.
    const started = spawn(binary, ['-e', 'stderr', '-c', configuration], {
      stdio: ['ignore', 'inherit', 'pipe'],
      detached: true,
    })
    child = started
    const begun = Date.now()
    started.on('error', (error) => log.error({ error: error.message }, 'nginx can not be started'))
    if (started.stderr) {
      createInterface(started.stderr).on('line', (line) => {
        const { level, text } = parseNginxLine(line)
        log[level]({ source: 'nginx' }, text)
      })
    }
    // Not 'close': workers without a master would keep the pipe open.
    started.on('exit', (code, signal) => {
      if (child === started) child = undefined
      if (quitting) return
      crashes += 1
      if (Date.now() - begun > steadyMs) delayMs = firstRestartMs
      log.error({ code, signal, restartMs: delayMs }, 'nginx ended by itself')
      // Workers of a killed master hold the ports. They close them at once and let open connections end; if a restart
      // fails all the same, one of them hangs.
      groups.push(started.pid ?? 0)
      for (const group of groups) signalGroup(group, delayMs > firstRestartMs ? 'SIGKILL' : 'SIGQUIT')
      setTimeout(() => void start(), delayMs)
      delayMs = Math.min(delayMs * 2, slowestRestartMs)
    })
  }

  return {
    get pid() {
      return child?.pid
    },
    get crashes() {
      return crashes
    },
    start,
    reload() {
      child?.kill('SIGHUP')
    },
    async quit(graceMs) {
      quitting = true
      for (const group of groups) signalGroup(group, 'SIGTERM')
      const ending = child
      if (!ending) return
      const closed = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      ending.kill('SIGQUIT')
      // Not SIGTERM: one that is just starting loses signals.
      const timer = setTimeout(() => signalGroup(ending.pid ?? 0, 'SIGKILL'), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    // Never group 0, which would be our own.
    if (group > 1) process.kill(-group, signal)
  } catch {
    // All of it has ended.
  }
}
