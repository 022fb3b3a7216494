import { type Notice, noticesOf, readTold, type Told } from '../notices.ts'

/** How a terminal's connection stands. */
export type ShellState =
  | { name: 'connecting' }
  | { name: 'connected' }
  | { name: 'lost'; reason: string }
  | { name: 'ended'; code: number }

export type Size = { cols: number; rows: number }

export type Shell = {
  /** Sends what was typed; dropped while there is no connection. */
  write(data: Uint8Array): void
  resize(size: Size): void
  close(): void
}

type Options = {
  /** Fetches a ticket, which opens one connection within a minute. */
  ticket: () => Promise<{ ticket: string; path: string }>
  /** The session to come back to, if there was one. */
  session: string | undefined
  size: Size
  onBytes: (bytes: Uint8Array) => void
  onSession: (id: string) => void
  /** with all that are current */
  onNotices: (notices: Notice[]) => void
  onState: (state: ShellState) => void
}

const protocol = 'cde.shell.v1'
/** Milliseconds for the handshake. */
const handshakeLimit = 15_000

/** Opens the terminal of a workspace: binary frames are the terminal's bytes, text frames are JSON about the session. */
export function openShell({ ticket, session, size, onBytes, onSession, onNotices, onState }: Options): Shell {
  let socket: WebSocket | undefined
  let latest = size
  let finished = false
  const finish = (state: ShellState): void => {
    if (finished) return
    finished = true
    onState(state)
  }

  async function connect(): Promise<void> {
    const granted = await ticket()
    if (finished) return
    const url = new URL(granted.path, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    url.search = new URLSearchParams({
      ...(session === undefined ? {} : { id: session }),
      cols: String(latest.cols),
      rows: String(latest.rows),
    }).toString()
    const opened = new WebSocket(url, [protocol, `ticket.${granted.ticket}`])
    socket = opened
    opened.binaryType = 'arraybuffer'
    const late = setTimeout(() => opened.close(), handshakeLimit)
    opened.onopen = () => {
      clearTimeout(late)
      if (finished) return opened.close()
      onState({ name: 'connected' })
      sendSize()
    }
    opened.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data !== 'string') return onBytes(new Uint8Array(data))
      const message = readMessage(data)
      if (message?.type === 'notices') onNotices(noticesOf(message.told))
      if (message?.type === 'session') onSession(message.id)
      if (message?.type === 'exit') finish({ name: 'ended', code: message.code })
    }
    opened.onclose = ({ reason }) => {
      clearTimeout(late)
      finish({ name: 'lost', reason: reason || 'The connection to the workspace was lost.' })
    }
  }

  const sendSize = (): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'resize', ...latest }))
  }

  onState({ name: 'connecting' })
  connect().catch((error: Error) => finish({ name: 'lost', reason: error.message }))
  return {
    write(data) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(data as Uint8Array<ArrayBuffer>)
    },
    resize(next) {
      if (next.cols === latest.cols && next.rows === latest.rows) return
      latest = next
      sendSize()
    },
    close() {
      finished = true
      socket?.close()
    },
  }
}

/** A text frame of the workspace or, for notices, of the envproxy; or undefined when it is none that we know. */
export function readMessage(
  text: string,
): { type: 'session'; id: string } | { type: 'exit'; code: number } | { type: 'notices'; told: Told } | undefined {
  try {
    const message = JSON.parse(text)
    if (message?.type === 'session' && typeof message.id === 'string') return { type: 'session', id: message.id }
    const told = readTold(message)
    if (told !== undefined) return { type: 'notices', told }
    if (message?.type === 'exit') return { type: 'exit', code: Number.isInteger(message.code) ? message.code : 0 }
  } catch {
    // not JSON: nothing we know
  }
  return undefined
}
