import type { Session } from 'ssh2'
import { parseSize, type Size } from '../size.ts'
import { runInTerminal } from './channel-terminal.ts'
import { runProgram } from './program.ts'

export interface SessionEnvironment {
  home: string
  environment: Record<string, string>
  /** the program behind the subsystem `sftp` */
  sftpServer: string
}

/** Most variables that a client may set, and the longest value in characters. */
const mostVariables = 64
const longestValue = 4096

/** Signals that RFC 4254, section 6.9, names. */
const signals = new Set([
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
])

/** Serves one session channel: `pty-req` and `env` first, then one of `shell`, `exec` and `subsystem`. */
export function serveSession(session: Session, site: SessionEnvironment): void {
  const variables = new Map<string, string>()
  let terminal: { size: Size; term: string } | undefined
  let running: { resize?(size: Size): void; signal(name: NodeJS.Signals): void } | undefined
  const sizeOf = (cols: number, rows: number): Size => parseSize(cols, rows) ?? { cols: 80, rows: 24 }

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
    if (!running || !signals.has(name)) return reject?.()
    running.signal(`SIG${name}` as NodeJS.Signals)
    accept?.()
  })

  const start = (accept: () => Parameters<typeof runProgram>[0] | undefined, args: string[]) => {
    const channel = accept()
    if (!channel) return
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
    if (channel) running = runProgram(channel, { file: site.sftpServer, args: [], ...site })
  })
}
