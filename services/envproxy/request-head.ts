import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** Headers that must not reach the workspace: secrets of the site, and those that end at this hop (RFC 9110, 7.6.1). */
const dropped = new Set([
  'cookie',
  'authorization',
  'session-token',
  'proxy-authorization',
  'proxy-connection',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
  'expect',
  'upgrade',
  'http2-settings',
  'sec-websocket-protocol',
])

/** Headers whose second copy could be read differently by the next hop. */
const single = new Set(['host', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol', 'upgrade'])

const maxHeaders = 64

/** Throws a Refusal unless this is a plain WebSocket opening handshake without a body (RFC 6455, section 4.2.1). */
export function assertHandshake(request: IncomingMessage): void {
  const { headers, rawHeaders } = request
  if (rawHeaders.length > maxHeaders * 2) {
    throw new Refusal(431, 'REQUEST_TOO_LARGE', `The request has more than ${maxHeaders} headers.`)
  }
  if (request.method !== 'GET' || request.httpVersion !== '1.1' || headers.upgrade?.toLowerCase() !== 'websocket') {
    throw new Refusal(400, 'REQUEST_MALFORMED', 'Only WebSocket upgrades by GET and HTTP/1.1 are served here.')
  }
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') {
    throw new Refusal(400, 'REQUEST_MALFORMED', 'An upgrade request must not have a body.')
  }
  if (headers['sec-websocket-version'] !== '13' || !/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    throw new Refusal(400, 'REQUEST_MALFORMED', 'Sec-WebSocket-Version must be 13 and Sec-WebSocket-Key 16 bytes.')
  }
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? ''
    if (single.has(name) && seen.has(name)) {
      throw new Refusal(400, 'REQUEST_MALFORMED', `The header ${name} occurs twice.`)
    }
    seen.add(name)
  }
}

/** What a door passes on to its workspace beside the rules for all. */
export interface Passing {
  /** the Cookie header */
  cookies: string | undefined
  /** Whether a header (name in lower case) goes on; undefined: as the rules for all have it. */
  judge?(name: string, value: string): boolean | undefined
}

/** Whether a header must not reach the workspace: a secret of the site, or one that ends at this hop. */
function isDropped(lower: string, request: IncomingMessage): boolean {
  if (dropped.has(lower)) return true
  // Naming Host or a handshake header in Connection must not remove it.
  if (single.has(lower)) return false
  const named = (request.headers.connection ?? '').toLowerCase().split(',')
  return named.some((each) => each.trim() === lower)
}

/**
 * Headers of the request to the workspace as a flat list of names and values: Host, Origin and X-Forwarded-* as they
 * came; no cookie or token but what the door passes, nothing that was meant for this hop only.
 */
function passedHeaders(request: IncomingMessage, { cookies, judge }: Passing): string[] {
  const headers: string[] = []
  const raw = request.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const lower = name.toLowerCase()
    if (judge?.(lower, value) ?? !isDropped(lower, request)) headers.push(name, value)
  }
  if (cookies) headers.push('Cookie', cookies)
  return headers
}

/** Headers of a WebSocket request to the workspace. */
export function forwardedHeaders(
  request: IncomingMessage,
  protocols: string[],
  passing: Passing = { cookies: undefined },
): string[] {
  const headers = passedHeaders(request, passing)
  headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  if (protocols.length > 0) headers.push('Sec-WebSocket-Protocol', protocols.join(', '))
  return headers
}

/** Headers of a plain HTTP request to the workspace. */
export function onwardHeaders(request: IncomingMessage, passing: Passing): string[] {
  const headers = passedHeaders(request, passing)
  // A body's length is passed on, so that the workspace sees where it ends; without one Node sends it in chunks.
  const length = request.headers['content-length']
  if (length !== undefined) headers.push('Content-Length', length)
  if (request.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked')
  headers.push('Connection', 'close')
  return headers
}

/** Throws a Refusal where a second Host header could be read differently by the next hop. */
export function assertOneHost({ rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1) throw new Refusal(400, 'REQUEST_MALFORMED', 'The header host occurs twice.')
}
