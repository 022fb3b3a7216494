import { createServer, type Server } from 'node:http'
import { WebSocketServer } from 'ws'
import { keepBeating } from './heartbeat.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { parseShellRequest } from './shell-request.ts'

export interface EnvagentOptions {
  home: string
  environment: Record<string, string>
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

/**
 * The agent in a workspace: `/healthz`, and terminals by WebSocket at `/shell`. It has no login of its own, since the
 * cluster's NetworkPolicy lets only envproxy in; everything it takes is capped all the same. Does not listen yet.
 */
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
  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      const healthy = request.method === 'GET' && request.url === '/healthz'
      response.writeHead(healthy ? 200 : 404, { 'content-type': 'application/json' })
      response.end(healthy ? '{"status":"ok"}' : '{"code":"ROUTE_UNKNOWN","message":"Nothing is served at this path."}')
    },
  )
  server.maxConnections = maxSessions * 4 + 64

  server.on('upgrade', (request, socket, head) => {
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
  return { server, sessions }
}
