import { type Endpoint, pathPattern } from './allowlist.ts'
import { type HostPattern, readHostPattern, showHostPattern } from './host-pattern.ts'

/** Where an endpoint is, without who needs it and why. */
export type Address = Pick<Endpoint, 'scheme' | 'host' | 'match' | 'port' | 'path'>

/** IANA's port numbers; what has none here has to say its own. */
const ports: Readonly<Record<Endpoint['scheme'], number | undefined>> = {
  https: 443,
  http: 80,
  ssh: 22,
  postgresql: 5432,
  smtp: 25,
  smtps: 465,
  ldap: 389,
  ldaps: 636,
  tcp: undefined,
  udp: undefined,
}
const isScheme = (text: string): text is Endpoint['scheme'] => Object.hasOwn(ports, text)

const form = /^(?:([a-z]+):\/\/)?(?:([^/@]*)@)?(\[[^\]/]*\]|[^/:[\]]*)(?::(\d{1,5}))?(\/[^?#\s]*)?$/s

/**
 * Reads `https://*.example.com:8443/path`, `git.example.com`, `example.com:8443`: a URL with the host patterns of
 * `readHostPattern`. Without a scheme or a port those of `otherwise` count, and after those what the scheme has by itself.
 * Never says back a user or a password.
 * @returns the address, or what keeps the text from being one
 */
export function readAddress(
  text: string,
  otherwise: {
    scheme?: Endpoint['scheme'] | undefined
    port?: number | undefined
    match?: HostPattern['match'] | undefined
  },
): Address | string {
  if (text.length > 2048) return 'it is longer than 2,048 characters'
  const [, named = otherwise.scheme ?? 'https', login, host, ownPort, path] = form.exec(text) ?? []
  if (host === undefined) return 'it is not scheme://HOST[:PORT][/PATH]'
  // ssh://git@host is how git writes it
  if (login !== undefined && (named !== 'ssh' || !/^[\w.-]+$/.test(login))) return 'it holds a user or a password'
  if (!isScheme(named)) return `it has another scheme than ${Object.keys(ports).join(', ')}`
  const pattern = readHostPattern(host)
  if (!pattern) return 'it names no host'
  const port = ownPort === undefined ? (otherwise.port ?? ports[named]) : Number(ownPort)
  if (port === undefined) return `it needs a port: ${named}://HOST:PORT`
  if (port < 1 || port > 65535) return 'its port is none from 1 to 65535'
  if (path !== undefined && !new RegExp(pathPattern).test(path)) return 'its path has a character that is none of a URL'
  const match = pattern.match === 'exact' && otherwise.match !== undefined ? otherwise.match : pattern.match
  return { scheme: named, host: pattern.host, match, port, ...(path === undefined || path === '/' ? {} : { path }) }
}

/** The same as text: `https://*.example.com:8443/path`. */
export function showAddress({ scheme, host, match, port, path = '' }: Address): string {
  const shown = host.includes(':') ? `[${host}]` : showHostPattern({ host, match })
  return `${scheme}://${shown}:${port}${path}`
}
