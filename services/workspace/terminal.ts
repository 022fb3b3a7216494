import type { ReadStream } from 'node:tty'
import { spawn } from '@lydell/node-pty'
import { createPtyInput } from './pty-input.ts'
import type { Size } from './size.ts'

/** A login shell on a pseudo terminal. */
export interface Terminal {
  readonly pid: number
  /** Returns false when the shell is behind with reading, see `onDrain`. */
  write(data: Buffer): boolean
  resize(size: Size): void
  /** Stops and starts reading the shell's output; a stopped shell blocks when the kernel's buffer is full. */
  pause(): void
  resume(): void
  /** Ends the shell and what it started in the foreground: SIGHUP as a lost line does, SIGKILL 3 seconds later. */
  kill(): void
}

export interface TerminalEvents {
  data(chunk: Buffer): void
  drain(): void
  /** code as a shell counts it: 128 + signal where a signal ended it. Comes once, behind the last data. */
  exit(code: number): void
}

const killMs = 3_000

/** Starts bash in `home`, a login shell unless `args` say otherwise. Throws when no terminal can be had. */
export function startTerminal(
  options: { size: Size; home: string; environment: Record<string, string>; args?: string[] },
  events: TerminalEvents,
): Terminal {
  const pty = spawn('/bin/bash', options.args ?? ['--login'], {
    ...options.size,
    name: options.environment.TERM ?? 'xterm-256color',
    cwd: options.home,
    env: options.environment,
    encoding: null,
  })
  // Both are there at run time, but not in the package's types.
  const { fd, _socket: socket } = pty as unknown as { fd: number; _socket: ReadStream }
  // A program may let go of its terminal and live on: then the descriptor is closed, or somebody else's by now.
  const open = () => !socket.destroyed
  // with a listener of ours node-pty does not throw what it does not know
  socket.on('error', () => {})
  const input = createPtyInput(fd, open, events.drain)
  let ended = false
  // With `encoding: null` chunks are Buffers, whatever the type says.
  pty.onData((chunk) => events.data(chunk as unknown as Buffer))
  pty.onExit(({ exitCode, signal }) => {
    ended = true
    events.exit(signal ? 128 + signal : exitCode)
  })
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pty.pid, signal)
    } catch {
      // already gone
    }
  }
  return {
    pid: pty.pid,
    write: (data) => input.push(data),
    resize({ cols, rows }) {
      if (open()) pty.resize(cols, rows)
    },
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    kill() {
      if (ended) return
      pty.resume()
      signalGroup('SIGHUP')
      setTimeout(() => {
        if (!ended) signalGroup('SIGKILL')
      }, killMs).unref()
    },
  }
}
