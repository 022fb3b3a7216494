import { type Asked, cleanText, RefusedAddress } from './failure.ts'

/**
 * Where a Location header (RFC 9110, 10.2.2) leads from an address.
 * @throws RefusedAddress for what is not to be followed: another scheme, from TLS to none, a login within the address, and
 * what parsers of URLs read differently
 */
export function redirected(asked: Asked, location: string, from: URL): URL {
  const [before = ''] = location.split(/[?#]/, 1)
  const [, scheme, slashes, written] = /^([a-z][a-z0-9+.-]*:)?(\/\/([^/]*))?/i.exec(before) ?? []
  const host = (written ?? '').slice((written ?? '').lastIndexOf('@') + 1)
  const refused = (why: string) => new RefusedAddress(asked, cleanText(host), `it redirects to ${why}`)
  if (/[\0-\x1f\x7f]/.test(location) || before.includes('\\') || /[^!-~]|%/.test(written ?? ''))
    throw refused('an address with characters that no address has')
  if (scheme !== undefined && !/^https?:$/i.test(scheme))
    throw refused(`an address of the kind ${scheme.slice(0, 20)}, without TLS`)
  // browsers guess a host for these, others another one or none
  if ((scheme ?? slashes) !== undefined && host === '') throw refused('an address without a host')
  if (!URL.canParse(location, from)) throw refused('something that is not an address')
  const to = new URL(location, from)
  if (to.protocol === 'http:' && from.protocol === 'https:') throw refused(`${to.host} without TLS`)
  if (to.username || to.password) throw refused(`an address with a login in it, at ${to.host}`)
  return to
}
