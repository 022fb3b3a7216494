import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that is measured or measures. It dies with this one, however this one ends. */
export interface Child {
  process: ChildProcess
  pid: number
  /** asks it to stop, and makes it after 3 seconds */
  stop: () => Promise<void>
}

interface Options {
  environment?: Record<string, string>
  /** file that gets its output */
  log: string
  /** whether it talks to this process (process.send) */
  ipc?: boolean
  /** what ends it when this process has ended; KILL by default, TERM for one that has processes of its own */
  end?: 'KILL' | 'TERM'
}

/** Starts a program without waiting for anything. */
export function startChild(
  command: readonly string[],
  { environment, log, ipc = false, end = 'KILL' }: Options,
): Child {
  const child = spawn('setpriv', ['--pdeathsig', end, ...command], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  })
  const file = createWriteStream(log, { flags: 'a' })
  child.stdout?.pipe(file, { end: false })
  child.stderr?.pipe(file, { end: false })
  child.on('error', () => {})
  child.once('close', () => file.end())
  return {
    process: child,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
    },
  }
}

/** Waits until something accepts connections at a port. @throws Error with the end of its log where it never does */
export async function listening(child: Child, log: string, port: number, host = '127.0.0.1'): Promise<void> {
  const end = performance.now() + 20_000
  for (;;) {
    const socket = connect({ port, host })
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    if (child.process.exitCode !== null || performance.now() > end)
      throw new Error(`nothing listens at port ${port}: ${(await readFile(log, 'utf8').catch(() => '')).slice(-1500)}`)
    await sleep(50)
  }
}

/** A port of loopback that nobody uses. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
