import type { WebSocket } from 'ws'
import { parseControlFrame } from './control-frame.ts'
import { createReplay } from './replay.ts'
import type { Size } from './size.ts'
import { startTerminal } from './terminal.ts'

/** One terminal that outlives its connections. At most one client at a time; a later one takes over. */
export interface Session {
  readonly id: string
  readonly pid: number
  readonly attached: boolean
  attach(socket: WebSocket, size: Size, resumed: boolean): void
  /** Ends the shell and the connection. */
  end(): void
}

export interface SessionOptions {
  home: string
  environment: Record<string, string>
  /** bytes kept for a client that comes back */
  replayBytes: number
  /** how long a session waits for its client, in milliseconds */
  keepAliveMs: number
}

/** Output that waits for a slow client, in bytes: the shell stops above `high` and goes on below `low`. */
const outgoing = { high: 262_144, low: 65_536 }

/** WebSocket close codes; 4000 and up are ours (RFC 6455, section 7.4.2). */
const closeCodes = { ended: 1000, stopping: 1001, takenOver: 4001 }

/** Ends a connection, also one whose reading is stopped: its answer to the close must be read. */
function close(socket: WebSocket, code: number, reason?: string): void {
  socket.close(code, reason)
  socket.resume()
}

/** Starts a shell. `onGone` is called once, when the session can't be attached to any more. */
export function startSession(id: string, size: Size, options: SessionOptions, onGone: () => void): Session {
  const replay = createReplay(options.replayBytes)
  let client: WebSocket | undefined
  let exit: number | undefined
  let paused = false
  let gone = false

  const leave = () => {
    if (gone) return
    gone = true
    clearTimeout(keepAlive)
    terminal.kill()
    onGone()
  }
  let keepAlive = setTimeout(leave, options.keepAliveMs)

  const flow = () => {
    const waiting = client?.bufferedAmount ?? 0
    if (!paused && waiting > outgoing.high) {
      paused = true
      terminal.pause()
    } else if (paused && waiting < outgoing.low) {
      paused = false
      terminal.resume()
    }
  }

  const sayExit = (socket: WebSocket, code: number) => {
    socket.send(JSON.stringify({ type: 'exit', code }))
    close(socket, closeCodes.ended)
    leave()
  }

  const terminal = startTerminal(
    { size, home: options.home, environment: options.environment },
    {
      data(chunk) {
        replay.push(chunk)
        if (client?.readyState !== client?.OPEN) return
        client?.send(chunk, flow)
        flow()
      },
      drain: () => client?.resume(),
      exit(code) {
        exit = code
        // Without a client the session stays for its keep-alive, so that one who comes back learns how it ended.
        if (client) sayExit(client, code)
      },
    },
  )

  return {
    id,
    pid: terminal.pid,
    get attached() {
      return client !== undefined
    },
    attach(socket, wanted, resumed) {
      clearTimeout(keepAlive)
      const previous = client
      client = socket
      if (previous) close(previous, closeCodes.takenOver, 'taken over by another connection')
      socket.send(JSON.stringify({ type: 'session', id, resumed }))
      if (resumed) {
        const past = replay.read()
        if (past.length > 0) socket.send(past, flow)
      }
      if (exit !== undefined) {
        sayExit(socket, exit)
        return
      }
      terminal.resize(wanted)
      flow()
      socket.on('message', (data: Buffer, isBinary) => {
        if (client !== socket) return
        if (isBinary) {
          if (!terminal.write(data)) socket.pause()
          return
        }
        const message = parseControlFrame(data)
        if (message) terminal.resize(message)
      })
      socket.once('close', () => {
        if (client !== socket) return
        client = undefined
        flow()
        if (!gone) keepAlive = setTimeout(leave, options.keepAliveMs)
      })
    },
    end() {
      if (client) close(client, closeCodes.stopping, 'the workspace stops')
      leave()
    },
  }
}
