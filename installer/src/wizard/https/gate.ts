import type { IncomingMessage, ServerResponse } from 'node:http'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

const refused = (why: string) =>
  new SealiftError('SESSION_FOREIGN', 'this request is not from the wizard’s own pages', { why })

/** Name of a cookie that only this origin can set: Secure, without a domain, for all paths (RFC 6265bis, 4.1.3). */
const cookieName = '__Host-sealift'

/**
 * Proves that a request comes to a name that this server has (a page of another site can make its own name lead here), and
 * that no page of another site has sent it. One that changes something says so in two ways that no other page can.
 * @throws SealiftError SESSION_FOREIGN
 */
export function checkSource({ headers, method }: IncomingMessage, names: ReadonlySet<string>): void {
  const host = headers.host ?? ''
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[^:[\]\s/@]+)(?::\d{1,5})?$/i.exec(host) ?? []
  if (!names.has(name.toLowerCase())) throw refused('it is addressed to another name; add the right one with --name')
  const { origin } = headers
  if (origin !== undefined && origin !== `https://${host}`) throw refused('it comes from another origin')
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refused('it comes from another site')
  if (method === 'GET' || method === 'HEAD') return
  if (origin === undefined) throw refused('it does not say from which origin it comes')
  if (headers['x-sealift'] !== '1') throw refused('it lacks the header x-sealift')
}

/** The names by which `Host` may call a server, as it writes them. */
export const hostNames = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => (name.includes(':') ? `[${name}]` : name).toLowerCase()))

/** What a browser has of an earlier `setCookie`; undefined where it is there twice. */
export function cookieOf({ headers }: IncomingMessage): string | undefined {
  const found = (headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${cookieName}=`))
  return found.length === 1 ? found[0]?.slice(cookieName.length + 1) : undefined
}

export const setCookie = (response: ServerResponse, value: string): void =>
  void response.setHeader('set-cookie', `${cookieName}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict`)
