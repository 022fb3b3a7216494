import { spawn } from 'node:child_process'
import type { ServerChannel } from 'ssh2'
import { sendEnd } from '../../ssh/signals.ts'

export interface Program {
  /** absolute path */
  file: string
  args: string[]
  home: string
  environment: Record<string, string>
}

/** A program that runs on a session channel. */
export interface Running {
  signal(name: NodeJS.Signals): void
  /** Ends it because nobody listens any more. */
  hangUp(): void
}

const killMs = 3_000

/**
 * Runs a program without a terminal on a session channel: three pipes, and its exit status or signal at the end
 * (RFC 4254, section 6.10). `hangUp` ends the program and what it started: SIGHUP, then SIGKILL.
 */
export function runProgram(channel: ServerChannel, { file, args, home, environment }: Program): Running {
  const child = spawn(file, args, { cwd: home, env: environment, stdio: 'pipe', detached: true })
  let ended = false
  const signal = (name: NodeJS.Signals) => {
    if (ended || child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // already gone
    }
  }
  channel.pipe(child.stdin)
  child.stdin.on('error', () => channel.resume())
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.once('error', (error) => {
    ended = true
    channel.stderr.write(`${file} can not be started: ${error.message}\n`)
    channel.exit(127)
    channel.end()
  })
  // `close`: after the last byte of both outputs.
  child.once('close', (code, by) => {
    if (ended) return
    ended = true
    sendEnd(channel, by ? { signal: by } : { code: code ?? 1 })
    channel.end()
  })
  return {
    signal,
    hangUp() {
      signal('SIGHUP')
      setTimeout(() => signal('SIGKILL'), killMs).unref()
    },
  }
}
