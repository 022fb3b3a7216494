import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Address, cannotListen, writeAddress } from '../../serve/listen.ts'
import type { Invitation, Session } from '../face.ts'
import { readObject } from '../http/body.ts'
import { closeServer } from '../http/close-server.ts'
import type { Door } from '../http/door.ts'
import { rememberedFaces } from '../http/faces.ts'
import { handleApi } from '../http/handle.ts'
import { entered } from '../http/routes.ts'
import { errorBody } from '../http/statuses.ts'
import { onceAborted } from '../once-aborted.ts'
import { webCertificate } from './certificate.ts'
import { checkSource, cookieOf, hostNames, setCookie } from './gate.ts'
import { secure } from './headers.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import { webNames } from './names.ts'
import { type Assets, plain, sendPage } from './pages.ts'

export interface WebOptions {
  /** port 0 takes a free one */
  listen: Address
  /** more names and addresses by which browsers reach it */
  names?: readonly string[]
  assets: Assets
  limits?: Partial<WebLimits>
}

export interface WebLimits {
  /** connections at once, in all and from one address; more are cut at once */
  connections: number
  connectionsOfOne: number
  /** milliseconds until the headers of a request, and all of it, have arrived */
  headers: number
  request: number
}

const defaultLimits: WebLimits = { connections: 128, connectionsOfOne: 48, headers: 10_000, request: 30_000 }

/** The browsers' door of a session. */
export interface Web {
  address: Address
  fingerprint: string
  /** A link that lets one browser in, once. */
  invite(): Promise<Invitation>
  /** Ends it in order: what was said has been sent. */
  close(): Promise<void>
  /** resolved when it is closed, from here or by a browser */
  closed: Promise<void>
}

/**
 * Lets browsers join a session over HTTPS, until it is closed or the session ends. The certificate is kept in the
 * session's directory.
 * @throws SealiftError USAGE_LISTEN, USAGE_HOST
 */
export async function openWeb(session: Session, { listen, names = [], assets, ...options }: WebOptions): Promise<Web> {
  const limits = { ...defaultLimits, ...options.limits }
  const reached = webNames(listen.host, names)
  const hosts = hostNames(reached)
  const { certificate: cert, key, fingerprint } = await webCertificate(session.directory, reached)
  const invitations = createInvitations()
  const ending = new AbortController()

  const door = browserDoor(session, invitations.take, {
    ending: ending.signal,
    invite: async () => invitation(),
    close: () => void close(),
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    secure(response)
    try {
      checkSource(request, hosts)
    } catch (cause) {
      const { status, body } = errorBody(cause)
      return plain(response, status, `${body.error.message}: ${body.error.why}`)
    }
    if (request.url?.startsWith('/api/')) return await handleApi(door, request, response)
    sendPage(assets, request, response)
  }

  const server = createServer(
    {
      cert,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.headers,
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: 10_000,
      connectionsCheckingInterval: Math.min(2000, limits.headers),
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void handle(request, response),
  )
  server.maxConnections = limits.connections
  limitAddresses(server, limits.connectionsOfOne)

  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ ...listen }, resolve)
  await promise.catch((cause) => {
    throw cannotListen(listen, cause)
  })
  server.off('error', reject)
  const address = { host: reached[0], port: (server.address() as AddressInfo).port }

  const invitation = (): Invitation => ({
    url: `https://${writeAddress(address)}/#${invitations.create()}`,
    fingerprint,
  })
  const done = Promise.withResolvers<void>()
  let closing = false
  async function close(): Promise<void> {
    if (!closing) {
      closing = true
      await closeServer(server, ending)
      done.resolve()
    }
    await done.promise
  }
  onceAborted(session.ended, () => void close())
  return { address, fingerprint, invite: async () => invitation(), close, closed: done.promise }
}

/** Who has a link comes in, and is known by a cookie from then on; only its hash is kept. */
function browserDoor(
  session: Session,
  take: Invitations['take'],
  rest: Pick<Door, 'ending' | 'invite' | 'close'>,
): Door {
  const faces = rememberedFaces()
  const keyOf = (cookie: string | undefined) => cookie && createHash('sha256').update(cookie).digest('hex')
  return {
    ...rest,
    faceOf: (request) => faces.get(keyOf(cookieOf(request))),
    async enter(request, response) {
      const { token } = await readObject(request)
      const address = (request.socket.remoteAddress ?? 'nowhere').replace(/^::ffff:/, '')
      await take(token, address)
      const face = await session.enter({ kind: 'web', label: `browser at ${address}` })
      const cookie = randomBytes(32).toString('base64url')
      faces.add(keyOf(cookie) as string, face)
      setCookie(response, cookie)
      return { json: await entered(face) }
    },
  }
}

function limitAddresses(server: ReturnType<typeof createServer>, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? 'nowhere'
    const count = (open.get(address) ?? 0) + 1
    if (count > most) return void socket.destroy()
    // a browser that is gone without a word is noticed
    socket.setKeepAlive(true, 15_000)
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}
