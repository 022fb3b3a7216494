import type { Place } from './host.ts'
import { ownPrefix } from './visitor-cookie.ts'

/** Cookies and tokens of the site itself, should a browser ever send them here. */
const siteCookie = /^(__Host-)?session_token=[\w-]{43}$/
const siteToken = /^Bearer\s+(cde_)?[\w-]{43}\s*$/i
/** What the ingress sets of these; the rest is a client's invention. */
const fromIngress = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])

const corp = 'cross-origin-resource-policy'

/**
 * What every answer of a dev URL carries that is not public, so that no other page embeds it, as Onward.added. A second
 * Content-Security-Policy only ever tightens the workspace's own (CSP Level 3, section 8.1).
 */
export const guards = (open: boolean): string[] =>
  open ? [] : ['Content-Security-Policy', "frame-ancestors 'self'", corp, 'same-origin']

/** The request's cookies that are the workspace's own, as a header; undefined for none. */
export function visitorCookies(header: string | undefined): string | undefined {
  const kept = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !isOwn(pair) && !siteCookie.test(pair))
  return kept.length > 0 ? kept.join('; ') : undefined
}

/** See Passing.judge: a server behind a dev URL may have logins of its own. */
export function passes(name: string, value: string): boolean | undefined {
  if (name === 'authorization') return !siteToken.test(value)
  return name.startsWith('x-forwarded-') && !fromIngress.has(name) ? false : undefined
}

/** Where an answer goes: the place of its request, the Host that it named, and whether that is public. */
export interface Answered extends Pick<Place, 'base' | 'target'> {
  open: boolean
  host: string
}

/**
 * See Onward.answerHeader: a workspace sets cookies of its own host only, and none of ours. Where the host is not its own,
 * cookies and redirects stay below its base, and a service worker, whose scope is that folder of the script, is not widened.
 */
export function ofWorkspace(name: string, value: string, answered: Answered): string | undefined {
  const { base, open } = answered
  if (name === 'set-cookie') return confinedCookie(value, base)
  if (name === corp && !open) return undefined
  if (base === '') return value
  if (name === 'location') return locationBelow(value, answered)
  return name === 'service-worker-allowed' ? undefined : value
}

function confinedCookie(value: string, base: string): string | undefined {
  const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
  if (isOwn(pair)) return undefined
  const dropped = base === '' ? /^domain\s*(=|$)/i : /^(domain|path)\s*(=|$)/i
  const kept = attributes.filter((each) => !dropped.test(each))
  return [pair, ...kept, ...(base === '' ? [] : [`Path=${base}/`])].join('; ')
}

/** A redirect within the workspace, which does not know of its base, as the browser has to see it. */
function locationBelow(value: string, { base, target, host }: Answered): string | undefined {
  const here = `https://${host}${target}`
  if (!URL.canParse(value, here)) return undefined
  const to = new URL(value, here)
  return to.host === new URL(here).host ? base + to.pathname + to.search + to.hash : value
}

/** Browsers take `=name=value` for a cookie without a name; servers that read it back do not. */
const isOwn = (pair: string): boolean =>
  pair
    .replace(/^[=\s]+/, '')
    .toLowerCase()
    .startsWith(ownPrefix.toLowerCase())
