import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyServerOptions, fastify, LogController } from 'fastify'
import type { JWTVerifyGetKey } from 'jose'
import { type Access, createAccess } from './access.ts'
import { type Activity, noActivity } from './activity.ts'
import { dropClaims } from './claims.ts'
import type { Address } from './connect.ts'
import type { Directory } from './dev-urls/directory.ts'
import { type Place, readPlace, type VisitHosts } from './dev-urls/host.ts'
import { serveDevUrl } from './dev-urls/serve.ts'
import { createVisitorCookies } from './dev-urls/visitor-cookie.ts'
import { createMetrics } from './metrics.ts'
import { type Notices, noNotices } from './notices.ts'
import { createQuota, type Quota } from './quota.ts'
import { parseRoute } from './route.ts'
import { serveUpgrade } from './sessions.ts'
import { createTicketMemory } from './ticket-memory.ts'

export interface EnvproxyOptions {
  /** the manager's public keys, see ticket.ts */
  keys: JWTVerifyGetKey
  locate(place: { workspace: string; port: number }): Address
  /** the key shared with the manager; without it neither dev URLs nor editors are served */
  sharedKey?: string | undefined
  /** whether those inside may stay; default: nobody is asked */
  access?: Access | undefined
  activity?: Activity | undefined
  /** default: there are none */
  notices?: Notices | undefined
  /** the hosts of dev URLs and editors, the site's origin and who knows where they lead; undefined: none are served */
  devUrls?: { hosts: VisitHosts; siteUrl: string; directory: Directory } | undefined
  /** whose X-Forwarded-* are believed, by address; default: nobody's */
  trusts?: (address: string) => boolean
  logger?: FastifyServerOptions['logger']
  /** most sessions of all users, and of one */
  maxSessions?: number
  maxSessionsPerUser?: number
  /** most requests under way at one dev URL */
  maxRequestsPerDevUrl?: number
  /** most of one user at all dev URLs and editors: HTTP/2 has 128 under way at each host, and pages wait for each other */
  maxRequestsPerUser?: number
  /** milliseconds */
  handshakeMs?: number
  idleMs?: number
  lingerMs?: number
  lookMs?: number
}

export interface Envproxy {
  app: FastifyInstance
  quota: Quota
  /** open sessions */
  sessions(): number
  /** From now on /healthz answers 503, so that new connections go elsewhere; what is open stays open. */
  drain(): void
  /** Cuts every session and connection that is still open. */
  cut(): void
}

/** Longest silence in the middle of an HTTP request, in milliseconds. */
const idleBodyMs = 300_000

/** The proxy to workspaces: /healthz and /metrics by Fastify, upgrades and what is for workspaces by hand. Does not listen yet. */
export function createEnvproxy(options: EnvproxyOptions): Envproxy {
  const total = options.maxSessions ?? 10_000
  const quota = createQuota({ total, perUser: options.maxSessionsPerUser ?? 64 })
  const metrics = createMetrics(() => quota.taken)
  const sockets = new Set<Socket>()
  const trusts = options.trusts ?? (() => false)
  let draining = false

  /** Which dev URL or editor a request is for; undefined where it is for the site. */
  const visit = (request: IncomingMessage): { place: Place | undefined } | undefined => {
    const place = options.devUrls ? readPlace(request, options.devUrls.hosts) : 'elsewhere'
    return place === 'elsewhere' ? undefined : { place }
  }

  const app = fastify({
    logger: options.logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024,
    serverFactory(handler) {
      const limits = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 75_000 }
      return createServer({ ...limits, noDelay: true, requireHostHeader: true }, (request, answer) => {
        dropClaims(request, trusts)
        // A body that stops moving ends its connection; a long one may take its time.
        request.socket.setTimeout(idleBodyMs)
        if (draining) answer.setHeader('connection', 'close')
        const visited = visit(request)
        if (visited) void serveVisit(visited.place, request, answer)
        else handler(request, answer)
      })
    },
  })
  // Handshakes in flight and idle connections need room beside the sessions.
  app.server.maxConnections = total + 1024

  app.get('/healthz', (_request, reply) =>
    draining ? reply.code(503).send({ status: 'draining', sessions: quota.taken }) : reply.send({ status: 'ok' }),
  )
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  app.setNotFoundHandler((request, reply) =>
    parseRoute(request.url) === undefined
      ? reply.code(404).send({ code: 'ROUTE_UNKNOWN', message: 'Nothing is served at this path.' })
      : reply
          .code(426)
          .headers({ connection: 'close', upgrade: 'websocket' })
          .send({ code: 'UPGRADE_REQUIRED', message: 'Only WebSockets are served here.' }),
  )

  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const access = options.access ?? createAccess({ ask: async () => 'unknown' })
  const activity = options.activity ?? noActivity
  const { keys, locate, sharedKey } = options
  const firstUse = createTicketMemory()
  const shared = { keys, locate, access, firstUse, activity, metrics, log: app.log }
  // one dev URL that answers slowly must not take every connection
  const visits = createQuota({ total, perUser: options.maxRequestsPerDevUrl ?? 512 })
  const visitors = createQuota({ total, perUser: options.maxRequestsPerUser ?? 256 })
  const devUrls =
    options.devUrls && sharedKey
      ? {
          ...shared,
          ...options.devUrls,
          visits,
          visitors,
          cookies: createVisitorCookies(sharedKey),
          timeoutMs: 120_000,
        }
      : undefined
  const serveVisit = (place: Place | undefined, request: IncomingMessage, answer: ServerResponse) =>
    devUrls ? serveDevUrl(devUrls, place, request, answer) : answer.writeHead(503).end()
  const session = {
    ...shared,
    devUrls,
    notices: options.notices ?? noNotices,
    quota,
    handshakeMs: options.handshakeMs ?? 10_000,
    idleMs: options.idleMs ?? 3_600_000,
    lingerMs: options.lingerMs ?? 60_000,
    lookMs: options.lookMs ?? 30_000,
  }
  app.server.on('upgrade', (request, socket, head) => {
    dropClaims(request, trusts)
    void serveUpgrade(session, request, socket as Socket, head, visit(request))
  })

  return {
    app,
    quota,
    sessions: () => quota.taken,
    drain() {
      draining = true
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
