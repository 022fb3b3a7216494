import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { JWTVerifyGetKey } from 'jose'
import type { Access, Holder } from './access.ts'
import type { Activity } from './activity.ts'
import { type Address, connectTo } from './connect.ts'
import { admitVisitor, type Gatekeeping } from './dev-urls/admit.ts'
import type { Place } from './dev-urls/host.ts'
import { isTarget } from './dev-urls/serve.ts'
import { passes, visitorCookies } from './dev-urls/visit-headers.ts'
import { dial } from './dial.ts'
import { createInterjection } from './interjection.ts'
import type { Metrics } from './metrics.ts'
import type { Notices } from './notices.ts'
import type { Quota } from './quota.ts'
import { causeOf, Refusal, sendRefusal } from './refusal.ts'
import { assertHandshake, forwardedHeaders } from './request-head.ts'
import { doors, parseRoute } from './route.ts'
import { splice } from './splice.ts'
import { readOffer, readProtocols } from './subprotocols.ts'
import { checkTicket } from './ticket.ts'

export interface SessionOptions {
  keys: JWTVerifyGetKey
  /** where a port of a workspace listens */
  locate(place: { workspace: string; port: number }): Address
  /** undefined where this envproxy serves neither dev URLs nor editors */
  devUrls: Gatekeeping | undefined
  access: Access
  activity: Activity
  notices: Notices
  quota: Quota
  metrics: Metrics
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** from the request to the workspace's answer, in milliseconds */
  handshakeMs: number
  /** without a byte in either direction, in milliseconds; envagent pings every 30 seconds */
  idleMs: number
  /** after one direction has ended, in milliseconds */
  lingerMs: number
  /** between looks whether a session is in use, in milliseconds */
  lookMs: number
}

/** What terminals speak: text messages there are about the session, beside its bytes, and strangers to them are ignored. */
const shellProtocol = 'cde.shell.v1'

/**
 * Handles one upgrade request to its end: check, dial, splice. Never throws; each failure before the splice is an
 * HTTP answer with JSON {code, message}. Resolves when the session is spliced or refused. `visit`: the request's
 * host is one at which workspaces answer; its place is undefined where nothing can be there.
 */
export async function serveUpgrade(
  options: SessionOptions,
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  visit?: { place: Place | undefined },
): Promise<void> {
  const gone = new AbortController()
  const onGone = () => gone.abort()
  client.on('error', onGone)
  client.once('close', onGone)
  const begun = performance.now()
  let free: (() => void) | undefined
  try {
    assertHandshake(request)
    const { holder, grant, headers, place, path, door } = visit
      ? await byVisit(options, visit.place, request)
      : await byTicket(options, request)
    const { user, workspace } = holder
    // those whom nobody knows share the places of the dev URL
    free = options.quota.take(user || `dev-url ${holder.devUrl?.id}`)
    const dialed = await dial(connectTo(options.locate(place), grant), path, headers, {
      timeoutMs: options.handshakeMs,
      key: request.headers['sec-websocket-key'] ?? '',
      signal: gone.signal,
    })
    client.off('close', onGone)
    options.metrics.opened.inc()
    options.metrics.handshake.observe((performance.now() - begun) / 1000)
    const about = { workspace, door, user }
    options.log.info(about, 'session opened')
    client.write(dialed.answer)
    const interjection = dialed.protocol === shellProtocol ? createInterjection(client) : undefined
    interjection?.pass(dialed.head, dialed.head.length)
    if (dialed.head.length > 0) client.write(dialed.head)
    if (head.length > 0) dialed.socket.write(head)
    const release = free
    const unwatch = options.access.watch(holder, () => client.destroy(new Error('access was withdrawn')))
    const unmark = door === 'dev-url' ? () => {} : markUse(client, dialed.socket, { workspace, door }, options)
    let unhear = () => {}
    splice(
      client,
      dialed.socket,
      options,
      ({ up, down, error }) => {
        release()
        unwatch()
        unmark()
        unhear()
        options.metrics.bytes.inc({ direction: 'up' }, up)
        options.metrics.bytes.inc({ direction: 'down' }, down)
        const seconds = Math.round((performance.now() - begun) / 1000)
        options.log.info({ ...about, up, down, seconds, reason: error?.message }, 'session ended')
      },
      interjection,
    )
    if (interjection)
      unhear = options.notices.hear((told) => interjection.say(JSON.stringify({ type: 'notices', ...told })))
  } catch (error) {
    free?.()
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL', 'Envproxy failed.', error)
    options.metrics.refused.inc({ code: refusal.code })
    options.log.warn({ status: refusal.status, code: refusal.code, cause: causeOf(refusal) }, 'upgrade refused')
    sendRefusal(client, refusal)
  }
}

interface Admitted {
  holder: Holder
  /** see connect.ts */
  grant: string | undefined
  place: { workspace: string; port: number }
  door: keyof typeof doors | 'dev-url'
  /** of the request to the workspace: its target and its headers */
  path: string
  headers: string[]
}

async function byTicket({ keys, access }: SessionOptions, request: IncomingMessage): Promise<Admitted> {
  const route = parseRoute(request.url ?? '')
  if (!route) throw new Refusal(404, 'ROUTE_UNKNOWN', 'Nothing is served at this path.')
  const offer = readOffer(request.headers['sec-websocket-protocol'])
  const { user, credential } = await checkTicket(offer.ticket, route, keys)
  const holder = { user, workspace: route.workspace, port: route.port, credential }
  const grant = await access.assert(holder)
  const headers = forwardedHeaders(request, offer.protocols)
  return { holder, grant, headers, place: route, door: 'shell', path: route.target }
}

/** What a page of a dev URL keeps open by itself is no use of a workspace; opening the page was. */
async function byVisit(
  { devUrls }: SessionOptions,
  place: Place | undefined,
  request: IncomingMessage,
): Promise<Admitted> {
  if (!devUrls || place === undefined || !isTarget(place.target))
    throw new Refusal(404, 'DEV_URL_UNKNOWN', 'Nothing is at this address.')
  const { holder, devUrl, grant } = await admitVisitor(devUrls, place, request)
  const protocols = readProtocols(request.headers['sec-websocket-protocol'])
  const passing = { cookies: visitorCookies(request.headers.cookie), judge: passes }
  const door = devUrl.port === doors.ide ? 'ide' : 'dev-url'
  const headers = forwardedHeaders(request, protocols, passing)
  return { holder, grant, place: devUrl, door, path: place.target, headers }
}

/** Bytes within one look that are more than what an idle page moves by itself: pings, pongs, keep-alives. */
const useBytes = { shell: 40, ide: 4096 }

/**
 * Marks the workspace as used while more passes than through an idle page: what the client sends and, in a terminal, what
 * the programs there print. A page that is merely open, in some forgotten tab, is no use. Returns the end of it.
 */
function markUse(
  client: Socket,
  inside: Socket,
  session: { workspace: string; door: keyof typeof doors },
  { activity, lookMs }: SessionOptions,
): () => void {
  activity.mark(session.workspace)
  const moved = () => client.bytesRead + (session.door === 'shell' ? inside.bytesRead : 0)
  let before = moved()
  const timer = setInterval(() => {
    const now = moved()
    if (now - before > useBytes[session.door]) activity.mark(session.workspace)
    before = now
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}
