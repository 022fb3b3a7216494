import type { Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import { type HostPattern, matchesHost } from '@sealift/bundle-spec/host-pattern.ts'

/**
 * What a list opens: tells whether all that an endpoint means is open to somebody already. Takes as long for a long list as
 * for a short one: a name is looked for, and what it is below.
 */
export function openings(endpoints: readonly Endpoint[]): (endpoint: Endpoint, from: From) => boolean {
  const at = new Map<string, Set<HostPattern['match']>>()
  for (const { host, port, match, from, scheme } of endpoints)
    for (const place of from) {
      const key = keyOf(host, port, place, scheme)
      at.set(key, (at.get(key) ?? new Set()).add(match))
    }
  return ({ host, port, match, scheme }, place) => {
    const has = (name: string, ...wanted: HostPattern['match'][]) => {
      const there = at.get(keyOf(name, port, place, scheme))
      return wanted.some((one) => there?.has(one))
    }
    const wider: Record<HostPattern['match'], HostPattern['match'][]> = {
      exact: ['exact', 'within'],
      label: ['label', 'below', 'within'],
      below: ['below', 'within'],
      within: ['within'],
    }
    if (has(host, ...wider[match])) return true
    const parents = host
      .split('.')
      .slice(1)
      .map((_, i, labels) => labels.slice(i).join('.'))
    return (
      parents.some((parent) => has(parent, 'below', 'within')) || (match === 'exact' && has(parents[0] ?? '', 'label'))
    )
  }
}

/** firewalls know UDP from TCP, and nothing of what is spoken */
const keyOf = (host: string, port: number, from: From, scheme: Endpoint['scheme']): string =>
  `${from} ${scheme === 'udp' ? 'udp' : 'tcp'} ${port} ${host}`

/** The entries of a list that let a host through. */
export const entriesFor = (endpoints: readonly Endpoint[], host: string): Endpoint[] =>
  endpoints.filter((endpoint) => matchesHost(endpoint, host))
