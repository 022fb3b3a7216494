import { isIP } from 'node:net'
import type { Mode } from '@sealift/bundle-spec/act.ts'
import type { Allowlist, Endpoint, SealedAllowlist } from '@sealift/bundle-spec/allowlist.ts'
import { readAddress, showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { proxyFor } from '../stores/registry/proxy.ts'
import { declaredEndpoints, idOf } from './declared.ts'
import { type Pulled, registryEndpoints } from './registries.ts'
import { reachOf } from './resolve/reach.ts'

/** What a release says, whether it is sealed or about to be. */
export interface ReleaseFacts {
  name: string
  version: string
  pulled: readonly Pulled[]
  sealed: SealedAllowlist
  /** values that the chart has by itself */
  defaults: unknown
}

/** What a site says. */
export interface SiteFacts {
  mode: Mode
  /** of the chart, with its defaults */
  values: Readonly<Record<string, unknown>>
  /** from where it pulls what of the release */
  pulled: readonly Pulled[]
  plainHttp: boolean
  /** hosts that are reached without the proxy, as NO_PROXY writes them */
  exempt: readonly string[]
  /** other addresses that its people need */
  outside: readonly string[]
}

export interface Generated {
  list: Allowlist
  /** values that should name hosts and do not */
  refused: { id: string; value: string; why: string }[]
}

/** Lists what a release needs, at a site where one is given: the same for the same facts. */
export function generateAllowlist(release: ReleaseFacts, site?: SiteFacts): Generated {
  const { name, version, sealed } = release
  const values = site?.values ?? (release.defaults as Record<string, unknown>)
  const { endpoints: declared, open, refused } = declaredEndpoints(sealed.declared, values)
  const own = ownEndpoints(site?.outside ?? [], version)
  const derived = registryEndpoints(site?.pulled ?? release.pulled, version, site?.plainHttp)
  const known = new Map(sealed.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const since = derived.map((endpoint) => ({ ...endpoint, since: known.get(endpoint.id)?.since ?? endpoint.since }))
  const observed = reached(
    sealed.endpoints.filter(({ known }) => known.how === 'observed'),
    since,
  )
  const all = [...since, ...observed, ...declared, ...own.endpoints]
  const endpoints = site === undefined ? all : all.flatMap((endpoint) => atSite(endpoint, site))
  return {
    list: {
      ...{ apiVersion: 'sealift.dev/v1', kind: 'Allowlist', release: { name, version }, version: sealed.version },
      endpoints: eachOnce(endpoints.map(inside)).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
      ...(site === undefined && open.length > 0 ? { open } : {}),
      changes: sealed.changes,
    },
    refused: [...refused, ...own.refused],
  }
}

/** Every address once under its id: sites name one twice. Another one that would have the id of the first has a number behind it. */
function eachOnce(endpoints: readonly Endpoint[]): Endpoint[] {
  const all = new Map<string, Endpoint>()
  for (const endpoint of endpoints) {
    let id = endpoint.id
    const isOther = () => all.has(id) && showAddress(all.get(id) as Endpoint) !== showAddress(endpoint)
    for (let n = 2; isOther(); n += 1) id = `${endpoint.id}-${n}`
    if (!all.has(id)) all.set(id, { ...endpoint, id })
  }
  return [...all.values()]
}

/** The observed ones that something in use leads to: a site with a registry of its own never meets those of the vendor's. */
function reached(observed: readonly Endpoint[], from: readonly Endpoint[]): Endpoint[] {
  const hosts = new Set(from.map(({ host }) => host))
  const left = new Set(observed)
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const endpoint of left)
      if (endpoint.known.after === undefined || hosts.has(endpoint.known.after)) {
        hosts.add(endpoint.host)
        left.delete(endpoint)
      }
  }
  return observed.filter((endpoint) => !left.has(endpoint))
}

/** An endpoint as a site meets it. An air-gapped site reaches nothing but what it has itself. */
function atSite(endpoint: Endpoint, { mode, exempt }: SiteFacts): Endpoint[] {
  if (mode !== 'airgapped' && !endpoint.modes.includes(mode)) return []
  const isOfRelease = endpoint.because.kind === 'feature' || endpoint.known.how === 'observed'
  if (mode === 'airgapped') return isOfRelease && endpoint.at === 'outside' ? [] : [{ ...endpoint, at: 'site' }]
  const direct = proxyFor(new URL(`https://${urlHost(endpoint.host)}:${endpoint.port}`), {
    https: 'http://proxy.invalid',
    except: exempt.join(','),
  })
  return [direct === undefined ? { ...endpoint, at: 'site' } : endpoint]
}

const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

/** A private address, or a name of one label, is of the site wherever it stands. */
function inside(endpoint: Endpoint): Endpoint {
  const { host } = endpoint
  const isOutside = isIP(host) === 0 ? host.includes('.') : reachOf(host) === 'everybody'
  return isOutside ? endpoint : { ...endpoint, at: 'site' }
}

/** What a site adds itself. */
function ownEndpoints(
  addresses: readonly string[],
  version: string,
): Pick<Generated, 'refused'> & { endpoints: Endpoint[] } {
  const refused: Generated['refused'] = []
  const endpoints = addresses.flatMap((text, i): Endpoint[] => {
    const address = readAddress(text, {})
    if (typeof address === 'string') {
      refused.push({ id: 'answer', value: `outside[${i}]`, why: address })
      return []
    }
    return [
      {
        ...{ id: `answer.${address.match === 'exact' ? '' : `${address.match}.`}${idOf(address)}`, ...address },
        ...{
          at: 'outside',
          from: ['workspaces'],
          phases: ['run'],
          modes: ['connected', 'restricted'],
          required: false,
        },
        why: 'People of this site use it in their workspaces: the answers say so.',
        without: 'Programs in workspaces do not reach it; the platform itself does not need it.',
        since: version,
        because: { kind: 'answer', name: `outside[${i}]` },
        known: { how: 'declared' },
      },
    ]
  })
  return { endpoints, refused }
}
