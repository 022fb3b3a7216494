import { createServer } from 'node:http'
import type { Server } from 'node:net'
import { WebSocketServer } from 'ws'
import type { ReadGrant } from './grant.ts'
import { createGuard } from './guard.ts'
import { keepBeating } from './heartbeat.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { parseShellRequest } from './shell-request.ts'

export interface EnvagentOptions {
  home: string
  environment: Record<string, string>
  readGrant: ReadGrant | undefined
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  maxSessions?: number
  /** bytes */
  replayBytes?: number
  /** milliseconds */
  keepAliveMs?: number
  pingMs?: number
}

export interface Envagent {
  server: Server
  sessions: Sessions
}

/** Longest frame taken from a client, in bytes: a generous paste. */
const maxPayload = 1_048_576

/** The agent's port (port table of the product). */
export const agentPort = 26337

/** The agent in a workspace: `/healthz`, and for who brings a grant terminals by WebSocket at `/shell`. Does not listen yet. */
export function createEnvagent(options: EnvagentOptions): Envagent {
  const { log } = options
  const maxSessions = options.maxSessions ?? 32
  const sessions = createSessions(maxSessions, {
    home: options.home,
    environment: options.environment,
    replayBytes: options.replayBytes ?? 65_536,
    keepAliveMs: options.keepAliveMs ?? 300_000,
  })
  const websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: (offered) => (offered.has('cde.shell.v1') ? 'cde.shell.v1' : false),
  })
  const http = createServer({ maxHeaderSize: 16_384 }, (_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json', connection: 'close' })
    response.end('{"code":"ROUTE_UNKNOWN","message":"Nothing is served at this path."}')
  })
  // until a WebSocket is open; a server that does not itself listen has no other clock
  http.timeout = 10_000

  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const wanted = parseShellRequest(request.url ?? '')
    if (!wanted) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    websockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', (error) => log.warn({ error: error.message }, 'connection failed'))
      try {
        const opened = sessions.open(wanted)
        if (!opened) {
          websocket.close(1013, `no more than ${maxSessions} terminals at a time`)
          return
        }
        keepBeating(websocket, options.pingMs ?? 30_000)
        opened.session.attach(websocket, wanted.size, opened.resumed)
        log.info({ pid: opened.session.pid, resumed: opened.resumed, sessions: sessions.count }, 'terminal attached')
      } catch (error) {
        log.warn({ error: String(error) }, 'terminal could not be started')
        websocket.close(1011, 'the terminal could not be started')
      }
    })
  })
  const guard = { port: agentPort, readGrant: options.readGrant, healthz: true, maxAdmitted: maxSessions * 4, log }
  const server = createGuard(guard, (socket) => {
    http.emit('connection', socket)
    socket.resume()
  })
  return { server, sessions }
}
