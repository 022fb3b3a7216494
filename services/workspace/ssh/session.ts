import type { Connection, Session } from 'ssh2'
import { guardChannel } from '../../ssh/guard.ts'
import { signalName } from '../../ssh/signals.ts'
import { parseSize, type Size } from '../size.ts'
import { runInTerminal } from './channel-terminal.ts'
import { type Running, runProgram } from './program.ts'

export interface SessionEnvironment {
  home: string
  environment: Record<string, string>
  /** the program behind the subsystem `sftp` */
  sftpServer: string
}

/** Most variables that a client may set, and the longest value in characters. */
const mostVariables = 64
const longestValue = 4096

/** Serves one session channel: `pty-req` and `env` first, then one of `shell`, `exec` and `subsystem`. */
export function serveSession(connection: Connection, session: Session, site: SessionEnvironment): void {
  const variables = new Map<string, string>()
  let terminal: { size: Size; term: string } | undefined
  let running: (Running & { resize?(size: Size): void }) | undefined
  const sizeOf = (cols: number, rows: number): Size => parseSize(cols, rows) ?? { cols: 80, rows: 24 }

  // Not the channel's end: ssh2 says that one has closed only when all that it received was read.
  const hangUp = () => running?.hangUp()
  connection.once('close', hangUp)
  session.once('close', () => {
    connection.off('close', hangUp)
    hangUp()
  })

  session.on('env', (accept, reject, { key, val }) => {
    const fits = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(key) && val.length <= longestValue && !val.includes('\0')
    if (!fits || variables.size >= mostVariables) return reject?.()
    variables.set(key, val)
    accept?.()
  })
  session.on('pty', (accept, _reject, info) => {
    // The type lists only what a client sends; a server also gets the name of the terminal.
    const { term } = info as unknown as { term?: string }
    const known = term !== undefined && /^[A-Za-z0-9+.-]{1,64}$/.test(term)
    terminal = { size: sizeOf(info.cols, info.rows), term: known ? term : 'xterm-256color' }
    accept?.()
  })
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    const size = sizeOf(cols, rows)
    if (terminal) terminal.size = size
    running?.resize?.(size)
    accept?.()
  })
  session.on('signal', (accept, reject, { name }) => {
    const known = signalName(name)
    if (!running || known === undefined) return reject?.()
    running.signal(`SIG${known}`)
    accept?.()
  })

  const start = (accept: () => Parameters<typeof runProgram>[0] | undefined, args: string[]) => {
    const channel = accept()
    if (!channel) return
    guardChannel(connection, channel)
    const environment = { ...site.environment, ...Object.fromEntries(variables) }
    try {
      running = terminal
        ? runInTerminal(channel, {
            size: terminal.size,
            home: site.home,
            environment: { ...environment, TERM: terminal.term },
            args,
          })
        : runProgram(channel, { file: '/bin/bash', args, home: site.home, environment })
    } catch (error) {
      channel.stderr.write(`the shell can not be started: ${(error as Error).message}\n`)
      channel.exit(1)
      channel.end()
    }
  }
  session.on('shell', (accept) => start(accept, ['--login']))
  session.on('exec', (accept, _reject, { command }) => start(accept, ['-c', command]))
  session.on('subsystem', (accept, reject, { name }) => {
    if (name !== 'sftp') return reject?.()
    const channel = accept()
    if (!channel) return
    guardChannel(connection, channel)
    running = runProgram(channel, { file: site.sftpServer, args: [], ...site })
  })
}
