import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type JWTVerifyGetKey, jwtVerify } from 'jose'
import { cookieValues } from '../http/cookie-seal.ts'
import { Refusal } from '../refusal.ts'
import { refusalOf } from '../ticket.ts'
import type { FirstUse } from '../ticket-memory.ts'
import type { DevUrl } from './directory.ts'
import type { Place } from './host.ts'
import { holderOf, ownPrefix, scope, type VisitorCookies } from './visitor-cookie.ts'

/** The one path of a dev URL, below its base, that is not the workspace's: it takes a ticket from the manager. */
export const entrance = '/.cde/enter'

const stateName = `${ownPrefix}login`
const stateSeconds = 600
/** A path of this host: a second slash or a backslash would make it another host's. */
const ownPath = /^\/(?![/\\])[!-~]{0,2047}$/

const digest = (state: string): string => createHash('sha256').update(state).digest('base64url')
const stateOf = (request: IncomingMessage): string | undefined =>
  cookieValues(request.headers.cookie, stateName).find((value) => /^[\w-]{43}$/.test(value))

/**
 * Sends a person to the manager, which knows who they are: 302. The browser keeps a random text and the ticket will name
 * its digest, so that a ticket is good in this browser only: neither stolen nor handed to somebody else.
 */
export function sendToLogin(siteUrl: string, place: Place, request: IncomingMessage, answer: ServerResponse): void {
  // tabs that are opened at once share it
  const state = stateOf(request) ?? randomBytes(32).toString('base64url')
  const { label, target } = place
  const url = new URL('/auth/dev-url', siteUrl)
  url.search = new URLSearchParams({
    label,
    state: digest(state),
    to: ownPath.test(target) ? target : '/',
  }).toString()
  redirect(answer, url.href, `${stateName}=${state}; Max-Age=${stateSeconds}; ${scope}`)
}

export interface EntranceOptions {
  keys: JWTVerifyGetKey
  cookies: VisitorCookies
  firstUse: FirstUse
}

/** Exchanges a ticket for a cookie: 302 to the path that was asked for at first. Throws a Refusal. */
export async function enter(
  { keys, cookies, firstUse }: EntranceOptions,
  devUrl: DevUrl | undefined,
  place: Place,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET') throw new Refusal(405, 'METHOD_UNKNOWN', 'Only GET is served at this path.')
  const query = new URL(place.target, 'http://dev-url').searchParams
  const { payload } = await jwtVerify(query.get('ticket') ?? '', keys, {
    algorithms: ['EdDSA', 'Ed25519'],
    audience: 'dev-url',
    requiredClaims: ['exp', 'jti', 'sub', 'credential', 'label', 'devUrl', 'state'],
    clockTolerance: 2,
  }).catch((error: unknown) => {
    throw refusalOf(error)
  })
  const { sub = '', jti = '', credential, state } = payload
  if (devUrl === undefined || payload.label !== devUrl.label || payload.devUrl !== devUrl.id)
    throw new Refusal(403, 'TICKET_ELSEWHERE', 'The ticket was made for another address.')
  const own = stateOf(request)
  if (own === undefined || digest(own) !== state)
    throw new Refusal(403, 'TICKET_BROWSER', 'The ticket was made for another browser, or cookies are blocked here.')
  if (!firstUse(jti)) throw new Refusal(401, 'TICKET_USED', 'The ticket has been used: open the address again.')
  const holder = holderOf(devUrl, sub, String(credential))
  const to = query.get('to') ?? '/'
  // who was here before, at a host that editors share, leaves nothing behind for this one: no data, no service worker
  const owner = place.base === '' ? sub : await cookies.owner(request.headers.cookie)
  const forget = owner === sub ? {} : { 'clear-site-data': '"cache", "storage"' }
  redirect(answer, place.base + (ownPath.test(to) ? to : '/'), await cookies.seal(holder, place), forget)
}

function redirect(answer: ServerResponse, location: string, cookie: string, more: Record<string, string> = {}): void {
  answer.writeHead(302, {
    location,
    'set-cookie': cookie,
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-length': '0',
    ...more,
  })
  answer.end()
}
