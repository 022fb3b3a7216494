import type { Client, ClientChannel, Connection, PseudoTtyOptions, ServerChannel, Session } from 'ssh2'
import { guardChannel } from '../../ssh/guard.ts'
import { type End, sendEnd, signalName } from '../../ssh/signals.ts'
import { noticeLine } from '../notice-line.ts'
import { type Notices, noNotices } from '../notices.ts'

/** The connection to the workspace, once it is there. */
export type Workspace = () => Promise<Client>

/** Most variables that are passed on, and the longest value in characters. */
const mostVariables = 64
const longestValue = 4096

/**
 * Passes one session on to the workspace: what the client asked for before (terminal, variables), then shell, command or
 * sftp. The client's channel is accepted at once, since clients send data without waiting; it stays in the window of SSH
 * until the workspace takes it. Who has a shell at a terminal reads notices there; the streams of programs never hold one.
 */
export function relaySession(
  connection: Connection,
  session: Session,
  workspace: Workspace,
  notices: Notices = noNotices,
): void {
  const variables: Record<string, string> = {}
  let pty: PseudoTtyOptions | undefined
  let inner: ClientChannel | undefined

  // the channel itself has not ended while something that it received waits for the workspace
  session.once('close', () => inner?.destroy())
  session.on('env', (accept, reject, { key, val }) => {
    if (Object.keys(variables).length >= mostVariables || val.length > longestValue) return reject?.()
    variables[key] = val
    accept?.()
  })
  session.on('pty', (accept, _reject, info) => {
    pty = info
    accept?.()
  })
  session.on('window-change', (accept, _reject, { rows, cols, height, width }) => {
    if (pty) Object.assign(pty, { rows, cols, height, width })
    inner?.setWindow(rows, cols, height, width)
    accept?.()
  })
  session.on('signal', (accept, reject, { name }) => {
    const known = signalName(name)
    if (known === undefined) return reject?.()
    inner?.signal(known)
    accept?.()
  })

  const start = (accept: () => ServerChannel, open: (client: Client) => Promise<Opened>, reads = false) => {
    const channel = accept()
    if (!channel) return
    guardChannel(connection, channel)
    if (reads) showNotices(channel, notices)
    workspace()
      .then(open)
      .then((state) => {
        if (channel.destroyed) return state.stream.destroy()
        inner = state.stream
        join(channel, state)
      })
      .catch((error: Error) => {
        channel.stderr.write(`${error.message}\r\n`)
        channel.exit(255)
        channel.end()
      })
  }
  const options = () => ({ ...(pty ? { pty } : {}), env: variables })
  session.on('shell', (accept) =>
    start(
      accept,
      (client) => opened((done) => client.shell(pty ?? false, { env: variables }, done)),
      pty !== undefined,
    ),
  )
  session.on('exec', (accept, _reject, { command }) =>
    start(accept, (client) => opened((done) => client.exec(command, options(), done))),
  )
  session.on('subsystem', (accept, reject, { name }) => {
    if (name !== 'sftp') return reject?.()
    start(accept, (client) => opened((done) => client.subsys(name, done)))
  })
}

/** Writes each notice once, as a line of the extended data that clients show as errors (RFC 4254, section 5.2). */
function showNotices(channel: ServerChannel, notices: Notices): void {
  const shown = new Set<string>()
  const unhear = notices.hear(({ now, notices: all }) => {
    for (const notice of all) {
      // who reads nothing is not owed it
      if (shown.has(notice.id) || channel.destroyed || channel.stderr.writableNeedDrain) continue
      shown.add(notice.id)
      channel.stderr.write(`\r\n${noticeLine(notice, now)}\r\n`)
    }
  })
  channel.once('close', unhear)
}

/** An open channel to the workspace, and what it has already said about its end. */
export interface Opened {
  stream: ClientChannel
  /** how the program ended, once known */
  exit: End | undefined
  closed: boolean
}

/**
 * Turns ssh2's callback into a promise. A quick program's exit and close arrive in the same packet as the answer that the
 * channel is open, so they are listened for before anything waits.
 */
export function opened(
  open: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    open((error, stream) => {
      if (error) return reject(error)
      const state: Opened = { stream, exit: undefined, closed: false }
      stream.on('exit', (code: number | null, signal?: string, core?: string, message?: string) => {
        state.exit =
          code === null ? { signal: signal ?? '', coreDumped: core === 'true', message: message ?? '' } : { code }
      })
      stream.once('close', () => {
        state.closed = true
      })
      resolve(state)
    })
  })
}

/** How long the last bytes may take to reach the client's channel, in milliseconds. */
const flushMs = 2_000

function join(channel: ServerChannel, state: Opened): void {
  const { stream } = state
  let done = false
  const end = () => {
    if (done || channel.destroyed) return
    done = true
    sendEnd(channel, state.exit ?? { code: 255 })
    channel.end()
  }
  // The exit goes behind the last byte of both outputs.
  const check = () => {
    if (state.closed && stream.readableEnded && stream.stderr.readableEnded) end()
    else if (state.closed) setTimeout(end, flushMs).unref()
  }
  stream.once('end', check)
  stream.stderr.once('end', check)
  stream.once('close', check)
  channel.pipe(stream)
  stream.pipe(channel, { end: false })
  stream.stderr.pipe(channel.stderr, { end: false })
  channel.once('close', () => stream.destroy())
  check()
}
