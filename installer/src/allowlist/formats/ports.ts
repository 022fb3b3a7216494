import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { type HostPattern, normalPatterns } from '@sealift/bundle-spec/host-pattern.ts'

export interface Port {
  port: number
  protocol: 'tcp' | 'udp'
  /** normal: no pattern within another */
  patterns: HostPattern[]
}

export const protocolOf = ({ scheme }: Pick<Endpoint, 'scheme'>): Port['protocol'] => (scheme === 'udp' ? 'udp' : 'tcp')

/** The entries' hosts by their port, ascending. */
export function byPort(endpoints: readonly Endpoint[]): Port[] {
  const ports = new Map<string, Port>()
  for (const endpoint of endpoints) {
    const { host, match, port } = endpoint
    const protocol = protocolOf(endpoint)
    const key = `${protocol}/${port}`
    const one = ports.get(key) ?? { port, protocol, patterns: [] }
    one.patterns.push({ host, match })
    ports.set(key, one)
  }
  return [...ports.values()]
    .map((one) => ({ ...one, patterns: normalPatterns(one.patterns) }))
    .sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1))
}
