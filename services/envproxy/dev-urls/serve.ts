import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Activity } from '../activity.ts'
import { type Address, connectTo } from '../connect.ts'
import { forward } from '../http/forward.ts'
import { refuse } from '../http/refuse.ts'
import type { Metrics } from '../metrics.ts'
import type { Quota } from '../quota.ts'
import { Refusal } from '../refusal.ts'
import { assertOneHost, onwardHeaders } from '../request-head.ts'
import { admitVisitor, type Gatekeeping } from './admit.ts'
import { type EntranceOptions, enter, entrance, sendToLogin } from './enter.ts'
import type { Place } from './host.ts'
import { guards, ofWorkspace, passes, visitorCookies } from './visit-headers.ts'

export interface DevUrlOptions extends Gatekeeping, EntranceOptions {
  /** origin of the site, where people log in */
  siteUrl: string
  locate(place: { workspace: string; port: number }): Address
  activity: Activity
  /** requests under way, by dev URL */
  visits: Quota
  /** the same, by who is logged in */
  visitors: Quota
  metrics: Metrics
  log: { warn(fields: object, message: string): void }
  /** longest silence of a workspace, in milliseconds */
  timeoutMs: number
}

/** Whether a request target is passed on as it came: a path, nothing decoded or normalised. */
export const isTarget = (target: string): boolean => /^\/[!-~]{0,8191}$/.test(target) && !target.includes('#')

/** Serves one HTTP request to a dev URL or an editor; `place` undefined: to a name that none can have. Never throws. */
export async function serveDevUrl(
  options: DevUrlOptions,
  place: Place | undefined,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  request.on('error', () => {})
  answer.on('error', () => {})
  let free = () => {}
  try {
    if (place === undefined) throw new Refusal(404, 'DEV_URL_UNKNOWN', 'Nothing is at this address.')
    assertOneHost(request)
    const { label, base, target } = place
    // an editor is a folder: its pages name their parts relative to it
    if (base !== '' && !target.startsWith('/')) return moved(answer, `${base}/${target}`)
    if (!isTarget(target)) throw new Refusal(400, 'REQUEST_MALFORMED', 'The request target is malformed.')
    if (target.split('?')[0] === entrance)
      return await enter(options, await options.directory(label), place, request, answer)
    const visit = await admitVisitor(options, place, request).catch((error: unknown) => {
      if (!mayLogIn(error, request)) throw error
    })
    if (visit === undefined) return sendToLogin(options.siteUrl, place, request, answer)
    const { holder, devUrl, grant, renewed } = visit
    const { open } = devUrl
    const { host = '' } = request.headers
    free = options.visits.take(devUrl.id)
    if (holder.user !== '' && isUse(request)) options.activity.mark(devUrl.workspace)
    const leave = holder.user === '' ? () => {} : options.visitors.take(holder.user)
    // an answer may go on for hours
    const unwatch = options.access.watch(holder, () => answer.destroy())
    await forward(request, answer, {
      connect: connectTo(options.locate(devUrl), grant),
      target,
      headers: onwardHeaders(request, { cookies: visitorCookies(request.headers.cookie), judge: passes }),
      answerHeader: (name, value) => ofWorkspace(name, value, { ...place, open, host }),
      added: [...guards(open), ...(renewed ? ['Set-Cookie', renewed] : [])],
      timeoutMs: options.timeoutMs,
    }).finally(() => {
      unwatch()
      leave()
    })
  } catch (error) {
    refuse({ ...options, home: options.siteUrl }, request, answer, error)
  } finally {
    free()
  }
}

function moved(answer: ServerResponse, location: string): void {
  answer.writeHead(308, { location, 'content-length': '0', 'referrer-policy': 'no-referrer' }).end()
}

/** Whether to send someone to the login: a person who opens a page, without a cookie or with one of a session that ended. */
function mayLogIn(error: unknown, { method, headers }: IncomingMessage): boolean {
  if (!(error instanceof Refusal) || !['DEV_URL_LOGIN', 'ACCESS_DENIED'].includes(error.code)) return false
  return method === 'GET' && (headers['sec-fetch-mode'] ?? 'navigate') === 'navigate'
}

/** Pages that someone opens and what they send count as use of a workspace; what a page fetches by itself does not. */
const isUse = ({ method, headers }: IncomingMessage): boolean =>
  !['GET', 'HEAD', 'OPTIONS'].includes(method ?? '') || headers['sec-fetch-mode'] === 'navigate'
