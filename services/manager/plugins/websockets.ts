import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type WebSocket, WebSocketServer } from 'ws'
import { callerOf } from '../authorization.ts'
import { ApiError } from '../errors.ts'
import { fairShare } from '../turns.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Turns a user's request into a WebSocket.
     * @throws ApiError 426 for a request that did not ask for one, 429 and 503 where there are too many
     */
    acceptWebSocket(request: FastifyRequest, reply: FastifyReply): Promise<WebSocket>
  }
}

/** Most WebSockets of one replica. */
const most = 5_000
const pulse = 30_000

/**
 * WebSockets as routes: an upgrade goes through the same hooks as every request (session, permission, license), and what
 * they refuse is answered in HTTP. A peer that answers no ping for a minute is cut.
 */
export default fp(async (app) => {
  const pending = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer; response: ServerResponse }>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 1024,
    perMessageDeflate: false,
    clientTracking: true,
  })
  const silent = new WeakSet<WebSocket>()
  const perUser = new Map<string, number>()

  app.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const response = new ServerResponse(request)
    response.assignSocket(socket as never)
    response.shouldKeepAlive = false
    response.once('finish', () => socket.end())
    pending.set(request, { socket, head, response })
    app.routing(request, response)
  })

  app.decorate('acceptWebSocket', async (request: FastifyRequest, reply: FastifyReply) => {
    const upgrade = pending.get(request.raw)
    if (upgrade === undefined)
      throw new ApiError(426, 'UPGRADE_REQUIRED', 'this path serves WebSockets', { fix: 'connect with wss://' })
    if (server.clients.size >= most)
      throw new ApiError(503, 'WEBSOCKETS_FULL', 'too many connections at the moment', { retryAfter: 5 })
    const { id } = callerOf(request)
    const own = perUser.get(id) ?? 0
    if (own >= fairShare.websockets)
      throw new ApiError(429, 'WEBSOCKETS_USER', `you have ${own} connections to the manager, the most allowed`, {
        fix: 'close pages of the dashboard that you no longer need',
        retryAfter: 30,
      })
    reply.hijack()
    upgrade.response.detachSocket(upgrade.socket as never)
    return await new Promise<WebSocket>((resolve) => {
      server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (websocket) => {
        websocket.on('error', () => websocket.terminate())
        websocket.on('pong', () => silent.delete(websocket))
        perUser.set(id, own + 1)
        websocket.once('close', () => {
          const left = (perUser.get(id) ?? 1) - 1
          if (left > 0) perUser.set(id, left)
          else perUser.delete(id)
        })
        resolve(websocket)
      })
    })
  })

  const timer = setInterval(() => {
    for (const websocket of server.clients) {
      if (silent.has(websocket)) websocket.terminate()
      else {
        silent.add(websocket)
        websocket.ping()
      }
    }
  }, pulse)
  timer.unref()
  app.addHook('preClose', async () => {
    clearInterval(timer)
    for (const websocket of server.clients) websocket.close(1012, 'the manager restarts')
    setTimeout(() => {
      for (const websocket of server.clients) websocket.terminate()
    }, 1_000).unref()
  })
})
