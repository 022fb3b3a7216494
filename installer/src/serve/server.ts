import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Logger } from 'pino'
import type { KeyPair } from '../certificates/issue.ts'
import { createAccess } from './access.ts'
import { answer } from './answer.ts'
import { answerGallery } from './gallery/answer.ts'
import { isGallery } from './gallery/route.ts'
import { type Address, cannotListen } from './listen.ts'
import type { Metrics } from './metrics.ts'
import type { Login } from './password.ts'
import { Refusal } from './refusal.ts'
import { readRoute } from './route.ts'
import { sendJson } from './send-json.ts'
import type { Shown } from './shown.ts'
import type { Tokens } from './token.ts'

export interface RegistryServerOptions {
  /** asked anew for each request, which then stays with what it got */
  shown: () => Shown
  /** without it the server speaks plain HTTP */
  tls?: KeyPair
  /** asked for with every request */
  auth?: Login
  /** with `auth`: hand out tokens for it */
  tokens?: Tokens
  /** gets one line for each request: method, path, status, bytes, milliseconds, address; never headers or queries */
  log?: Pick<Logger, 'info' | 'error'>
  metrics?: Metrics
  limits?: Partial<ServerLimits>
}

export interface ServerLimits {
  /** connections at once; more are cut at once */
  connections: number
  /** milliseconds until a request has arrived */
  request: number
  /** milliseconds without a byte going either way */
  silence: number
}

const defaultLimits: ServerLimits = { connections: 1024, request: 20_000, silence: 60_000 }

export interface RegistryServer {
  server: Server
  /**
   * Starts to listen; port 0 takes a free one.
   * @throws SealiftError USAGE_LISTEN
   */
  listen(address: Address): Promise<Address>
  /**
   * Uses another certificate for new connections.
   * @throws SealiftError USAGE_CERTIFICATE
   */
  certify(tls: KeyPair): void
  /** open connections */
  connections(): Promise<number>
  /** Takes no more requests, lets those under way end for `grace` milliseconds, then cuts them. */
  close(grace?: number): Promise<void>
}

/**
 * A read-only OCI distribution registry. What it shows must have been verified before.
 * @throws SealiftError USAGE_CERTIFICATE
 */
export function createRegistryServer(options: RegistryServerOptions): RegistryServer {
  const { tls, log, metrics } = options
  const limits = { ...defaultLimits, ...options.limits }
  const access = createAccess({
    scheme: tls ? 'https' : 'http',
    ...(options.auth ? { login: options.auth } : {}),
    ...(options.tokens ? { tokens: options.tokens } : {}),
  })
  let closing = false

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now()
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    let kind = 'other'
    response.once('close', () => {
      const bytes = request.method === 'HEAD' ? 0 : Number(response.getHeader('content-length') ?? 0)
      // what probes ask every few seconds would only hide the rest
      if (kind !== 'health' && log) logRequest(log, request, path, response, start)
      metrics?.request(kind, response.statusCode, response.writableFinished ? bytes : 0)
      // a connection that is kept for more would hold up the end
      if (closing) setImmediate(() => server.closeIdleConnections())
    })
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    response.setHeader('x-content-type-options', 'nosniff')
    // a body that nobody asked for is not read
    if (closing || request.headers['content-length'] || request.headers['transfer-encoding'])
      response.setHeader('connection', 'close')
    try {
      if (path === '/healthz') {
        kind = 'health'
        return sendJson(response, { ok: !closing }, { 'cache-control': 'no-store' }, closing ? 503 : 200)
      }
      if (await access.answer(path, request, response)) {
        kind = 'token'
        return
      }
      if (isGallery(path)) {
        kind = 'gallery'
        return await answerGallery(options.shown(), path, search, request, response)
      }
      await access.check(request)
      const route = readRoute(path)
      kind = route.kind
      await answer(options.shown(), route, new URLSearchParams(search), request, response)
    } catch (error) {
      if (!(error instanceof Refusal)) {
        metrics?.failure()
        log?.error({ err: error, path: path.slice(0, 512) }, 'a request failed')
      }
      refuse(response, error)
    }
  }

  const http = {
    maxHeaderSize: 16 * 1024,
    headersTimeout: limits.request,
    requestTimeout: limits.request,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: Math.min(5_000, limits.request),
  }
  const server = tls
    ? createTlsServer({ ...http, ...checked(tls), minVersion: 'TLSv1.2', handshakeTimeout: limits.request }, handle)
    : createPlainServer(http, handle)
  server.maxConnections = limits.connections
  server.timeout = limits.silence

  return {
    server,
    async listen(address) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', reject)
      server.listen({ ...address, backlog: 1024 }, resolve)
      try {
        await promise
      } catch (cause) {
        throw cannotListen(address, cause)
      }
      server.removeListener('error', reject)
      server.on('error', (error) => log?.error({ err: error }, 'server'))
      return { host: address.host, port: (server.address() as AddressInfo).port }
    },
    certify(pair) {
      if (tls) (server as TlsServer).setSecureContext({ ...checked(pair), minVersion: 'TLSv1.2' })
    },
    connections: () => new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count))),
    async close(grace = 10_000) {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), grace)
      await closed
      clearTimeout(timer)
    },
  }
}

/** @throws SealiftError USAGE_CERTIFICATE */
function checked({ certificate: cert, key }: KeyPair): { cert: string; key: string } {
  try {
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (cause) {
    throw new SealiftError('USAGE_CERTIFICATE', 'the certificate and key given cannot be used', {
      why: (cause as Error).message,
      fix: 'both are PEM and belong together: openssl x509 -noout -pubkey -in CERT; openssl pkey -pubout -in KEY',
      cause,
    })
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  // half an answer cannot be taken back: a cut connection tells the client that it is not whole
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { status, code, message, headers } =
    error instanceof Refusal
      ? error
      : { status: 500, code: 'UNKNOWN', message: 'the server cannot read its content', headers: {} }
  sendJson(response, { errors: [{ code, message }] }, headers, status)
}

function logRequest(
  log: Pick<Logger, 'info'>,
  request: IncomingMessage,
  path: string,
  response: ServerResponse,
  start: number,
): void {
  log.info(
    {
      method: request.method,
      path: path.slice(0, 512),
      status: response.statusCode,
      bytes: Number(response.getHeader('content-length') ?? 0),
      whole: response.writableFinished,
      ms: Math.round(performance.now() - start),
      from: request.socket.remoteAddress,
    },
    'request',
  )
}
