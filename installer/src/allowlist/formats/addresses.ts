import { isIP } from 'node:net'
import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { type Omitted, sift } from './format.ts'
import { type Port, protocolOf } from './ports.ts'
import { plain } from './words.ts'

export interface Address {
  /** IPv4 or IPv6, without a prefix */
  address: string
  port: number
  protocol: Port['protocol']
  /** whose it is, and for how long that is known: `ghcr.io, 300 s` */
  of: string
}

/** What a list comes to for a firewall that knows addresses alone; each address, protocol and port once, sorted by the last two. */
export function addressesOf(list: Allowlist): { addresses: Address[]; omitted: Omitted[]; known: string[] } {
  const { said, omitted } = sift(list, ({ host, match, addresses = [] }) => {
    if (match !== 'exact') return 'the names below it are not known beforehand, nor are their addresses'
    return isIP(host) !== 0 || addresses.length > 0 ? undefined : 'look its addresses up: --resolve'
  })
  const found = new Map<string, Address>()
  for (const endpoint of said)
    for (const [address, of] of own(endpoint)) {
      const { port } = endpoint
      const protocol = protocolOf(endpoint)
      const key = `${protocol} ${port} ${address}`
      if (!found.has(key)) found.set(key, { address, port, protocol, of })
    }
  const addresses = [...found.values()].sort(
    (a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0),
  )
  return { addresses, omitted, known: known(list, said) }
}

const own = ({ host, addresses = [] }: Endpoint): [address: string, of: string][] =>
  isIP(host) === 0 ? addresses.map(({ address, ttl }) => [address, `${host}, ${Number(ttl)} s`]) : [[host, 'as it is']]

/** When the addresses were looked up and how long they hold, in lines for comments. */
function known({ resolved }: Allowlist, said: readonly Endpoint[]): string[] {
  const shortest = said
    .flatMap(({ addresses = [] }) => addresses)
    .reduce((least, { ttl }) => Math.min(least, Number(ttl)), Number.POSITIVE_INFINITY)
  if (shortest === Number.POSITIVE_INFINITY) return []
  return [
    `Looked up: ${resolved === undefined ? 'at a time that is not known' : plain(resolved)}; the first of the addresses may change ${shortest} s later`,
    ...(said.some(({ network }) => network !== undefined)
      ? ['Some are of content delivery networks: they change often, and open the way to others that have them too']
      : []),
  ]
}

/** The address as a network of its own. */
export const cidr = (address: string): string => `${address}/${isIP(address) === 6 ? 128 : 32}`
