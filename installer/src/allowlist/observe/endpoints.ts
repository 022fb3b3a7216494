import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { matchesHost } from '@sealift/bundle-spec/host-pattern.ts'
import { reachOf, reachOfName } from '../resolve/reach.ts'
import { commonPath } from './paths.ts'
import { sentencesFor } from './sentences.ts'
import type { Sighting } from './sightings.ts'

export interface EndpointOptions {
  /** the day of the observation: YYYY-MM-DD */
  on: string
  /** version of the release of which the entries are new */
  since: string
  /** entries that there are anyway: what they admit already is left out */
  known: readonly Endpoint[]
  /**
   * Whether it was observed at the site: names that nobody outside reaches are the site's own. A vendor's registry is often
   * in the vendor's own network, and outside for everybody else.
   */
  atSite?: boolean
}

/**
 * Entries of an allowlist for what was seen, each of one host: what leads there today says nothing about its neighbours.
 * Sorted by id, which is made of the role and the host, so that the next observation finds the same.
 */
export function toEndpoints(sightings: readonly Sighting[], { known, ...when }: EndpointOptions): Endpoint[] {
  const merged = new Map<string, Sighting>()
  for (const sighting of sightings) {
    const id = idOf(sighting)
    const before = merged.get(id)
    merged.set(id, before ? mergeTwo(before, sighting) : sighting)
  }
  const taken = new Set(known.map(({ id }) => id))
  return [...merged]
    .filter(([, sighting]) => !known.some((endpoint) => admits(endpoint, sighting)))
    .map(([id, sighting]) => endpointFor(taken.has(id) ? `${id}-observed` : id, sighting, when))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

function endpointFor(id: string, sighting: Sighting, { on, since, atSite }: Omit<EndpointOptions, 'known'>): Endpoint {
  const { scheme, host, port, path, role, after, for: names, inside } = sighting
  const isFile = role === 'download'
  const reach = isIP(host) === 0 ? reachOfName(host) : reachOf(host)
  return {
    id,
    scheme,
    host,
    match: 'exact',
    port,
    path,
    at: (atSite && inside) || (reach ?? 'everybody') !== 'everybody' ? 'site' : 'outside',
    from: isFile ? ['bastion'] : ['nodes', 'bastion'],
    phases: isFile ? ['build'] : ['install', 'run', 'upgrade'],
    modes: ['connected', 'restricted'],
    required: true,
    ...sentencesFor(sighting),
    since,
    because: { kind: isFile ? 'release' : 'image', name: (names[0] ?? host).slice(0, 1024) },
    known: { how: 'observed', on, ...(after === undefined ? {} : { after }) },
  }
}

/** Whether an entry lets a connection pass already. One that states a path lets only this pass. */
const admits = (endpoint: Endpoint, { scheme, host, port, path }: Sighting): boolean =>
  endpoint.scheme === scheme &&
  endpoint.port === port &&
  matchesHost(endpoint, host) &&
  path.startsWith(endpoint.path ?? '/')

/** The same host with the same role, to which two hosts lead. */
function mergeTwo(a: Sighting, b: Sighting): Sighting {
  const afters = [a.after, b.after].filter((after) => after !== undefined).sort()
  const { inside: _, ...both } = a
  return {
    ...both,
    ...(a.inside && b.inside ? { inside: true } : {}),
    path: commonPath(a.path, b.path),
    ...(afters[0] === undefined ? {} : { after: afters[0] }),
    for: [...new Set([...a.for, ...b.for])].sort(),
  }
}

/** characters of an id that EndpointId (bundle-spec/src/allowlist.ts) allows, without the ending of one in use */
const longestId = 118

/** `blob.bytes.example`, with what is not usual at its end: `blob.bytes.example.http.8080`. */
function idOf({ role, scheme, host, port }: Sighting): string {
  const usual = scheme === 'https' ? 443 : 80
  const plain = [role, host, ...(scheme === 'http' ? ['http'] : []), ...(port === usual ? [] : [port])].join('.')
  const allowed = plain.replace(/[^a-z0-9.-]/g, '-')
  if (allowed === plain && plain.length <= longestId) return plain
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 8)
  return `${allowed.slice(0, longestId - 9)}-${hash}`
}
