import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { createAccess } from '../../../services/envproxy/access.ts'
import { createEnvproxy, type EnvproxyOptions } from '../../../services/envproxy/app.ts'
import { managerKeys } from '../../../services/envproxy/ticket.ts'
import { guarded, signingKey } from './guarded.ts'

export const workspace = 'abcde12345'
export const path = `/proxy/workspaces/${workspace}/shell`

/** A manager that publishes its key, an envproxy, and a workspace whose answer the test decides. */
export async function startSite(
  t: TestContext,
  upstream: (request: IncomingMessage, socket: Socket, head: Buffer) => void,
  options: Partial<EnvproxyOptions> = {},
) {
  const key = await signingKey()
  let keyFetches = 0
  const manager = await listen(
    t,
    createServer((_request, response) => {
      keyFetches += 1
      response.setHeader('content-type', 'application/json').end(JSON.stringify(key.jwks))
    }),
  )
  const server = createServer()
  server.on('upgrade', upstream)
  const guard = (inside: HttpServer) => guarded(key, { workspace, port: 26337 }, inside)
  const workspacePort = await listen(t, guard(server))
  const access = createAccess({ ask: async ({ workspace, port }) => ({ grant: await key.grant(workspace, port) }) })
  const envproxy = createEnvproxy({
    keys: managerKeys(`http://127.0.0.1:${manager}`),
    locate: () => ({ host: '127.0.0.1', port: workspacePort }),
    access,
    trusts: (address) => address === '127.0.0.1',
    ...options,
  })
  await envproxy.app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    envproxy.cut()
    access.close()
    await envproxy.app.close()
  })
  const { port } = envproxy.app.server.address() as AddressInfo
  const ticket = (claims: object = {}, seconds = 60, audience = 'envproxy', kid = 'one') =>
    key.sign(
      { sub: 'user-1', credential: 'session:1', workspace, port: 26337, path, ...claims },
      audience,
      seconds,
      kid,
    )
  return { envproxy, port, url: `ws://127.0.0.1:${port}${path}`, ticket, guard, keyFetches: () => keyFetches }
}

/** Lets a server listen on a free port of the loopback and ends it with the test. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A workspace that sends every message back; `seen` gets the request it was reached with. */
export function echo(seen: (request: IncomingMessage) => void = () => {}) {
  const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024, perMessageDeflate: false })
  return (request: IncomingMessage, socket: Socket, head: Buffer) => {
    seen(request)
    server.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }))
    })
  }
}

/** Opens a WebSocket; resolves with it, or with the status and body of an HTTP refusal. */
export function open(url: string, protocols: string[], headers: Record<string, string> = {}) {
  return new Promise<{ websocket: WebSocket } | { status: number; body: { code: string; message: string } }>(
    (resolve, reject) => {
      const websocket = new WebSocket(url, protocols, { headers, perMessageDeflate: false })
      websocket.once('open', () => resolve({ websocket }))
      websocket.once('error', reject)
      websocket.once('unexpected-response', (_request, response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
      })
    },
  )
}

/** Like `open`, for tests that need the connection. */
export async function connected(url: string, ticket: string, headers: Record<string, string> = {}) {
  const result = await open(url, ['cde.shell.v1', `ticket.${ticket}`], headers)
  if (!('websocket' in result)) throw new Error(`refused: ${JSON.stringify(result)}`)
  return result.websocket
}

/** Like `open`, for tests that expect a refusal: `status code`. */
export async function refusal(url: string, protocols: string[], headers: Record<string, string> = {}) {
  const result = await open(url, protocols, headers)
  if ('websocket' in result) throw new Error('was let in')
  return `${result.status} ${result.body.code}`
}
