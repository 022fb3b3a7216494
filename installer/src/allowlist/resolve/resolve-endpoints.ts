import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type LookUp, lookUp } from './look-up.ts'
import { networkOf } from './networks.ts'
import { type Reach, reachOf } from './reach.ts'

export interface ResolveOptions {
  /** name servers, as `address`, `address:port` or `[address]:port`; default: those of this machine */
  servers?: readonly string[]
  now: Date
  /** milliseconds for one host */
  timeout?: number
  signal?: AbortSignal
}

/** hosts that are looked up at once, each with three questions */
const hostsAtOnce = 16
const defaultTimeout = 10_000
/** ids, and addresses, that a warning names */
const mostNamed = 3

/** What entries of one host have in common: where it is decides which answers may be right. */
interface Place {
  host: string
  at: Endpoint['at']
  ids: string[]
}

/**
 * Looks up the addresses of each host of a list, once, and tells the networks that many share. What was there before is
 * replaced. A name that is not found is a warning: the list is as right as before, only formats of addresses say less.
 * @throws SealiftError USAGE_ARGUMENTS for servers that are no addresses; `signal.reason`
 */
export async function resolveEndpoints(
  list: Allowlist,
  options: ResolveOptions,
): Promise<{ list: Allowlist; warnings: string[] }> {
  const { servers, now, timeout = defaultTimeout, signal } = options
  assertServers(servers)
  const places = new Map<string, Place>()
  for (const endpoint of list.endpoints.filter(isLookedUp)) {
    const { host, at, id } = endpoint
    const place = places.get(keyOf(endpoint))
    if (place) place.ids.push(id)
    else places.set(keyOf(endpoint), { host, at, ids: [id] })
  }
  const hosts = [...new Set([...places.values()].map(({ host }) => host))].sort()
  const answers = await atOnce(hostsAtOnce, hosts, async (host) => {
    signal?.throwIfAborted()
    const limit = AbortSignal.timeout(timeout)
    const answer = await lookUp(host, servers, signal ? AbortSignal.any([signal, limit]) : limit)
    signal?.throwIfAborted()
    return [host, answer] as const
  })
  const found = new Map(answers)
  const judged = new Map([...places].map(([key, place]) => [key, judge(place, found.get(place.host) as LookUp)]))
  const wildcards = list.endpoints
    .filter(({ match }) => match !== 'exact')
    .map(
      (endpoint) =>
        `${endpoint.id} (${showHostPattern(endpoint)}): nobody can say which names, so no addresses; open it by name`,
    )
  const endpoints = list.endpoints.map((endpoint) => {
    const known = judged.get(keyOf(endpoint))
    if (known === undefined || !isLookedUp(endpoint)) return endpoint
    const { addresses: _, network: __, ...rest } = endpoint
    return { ...rest, ...known.entry }
  })
  const warnings = [...wildcards, ...[...judged.values()].flatMap((one) => one.warnings)].sort()
  return { list: { ...list, resolved: now.toISOString(), endpoints }, warnings }
}

const isLookedUp = ({ host, match }: Endpoint): boolean => match === 'exact' && isIP(host) === 0
const keyOf = ({ host, at }: Pick<Endpoint, 'host' | 'at'>): string => `${at} ${host}`

/** What of an answer is kept: a stranger's name that has an address of the site's own network would open that (DNS rebinding). */
function judge({ host, at, ids }: Place, { addresses, aliases, failure }: LookUp) {
  const others = ids.length > mostNamed ? ` and ${ids.length - mostNamed} more` : ''
  const say = (text: string) => `${ids.slice(0, mostNamed).join(', ')}${others} (${host}): ${text}`
  const allowed: readonly Reach[] = at === 'outside' ? ['everybody'] : ['everybody', 'private']
  const fitting = addresses.filter(({ address }) => allowed.includes(reachOf(address)))
  const kept = fitting.slice(0, limits.addresses)
  const strange = addresses.filter((one) => !fitting.includes(one)).map(({ address }) => address)
  const network = networkOf([host, ...aliases])
  const warnings: string[] = []
  if (failure !== undefined) warnings.push(say(addresses.length > 0 ? `not all addresses: ${failure}` : failure))
  if (strange.length > 0)
    warnings.push(
      say(
        `answers were left out that ${at === 'outside' ? 'nobody outside has' : 'no host of a site has'}: ` +
          `${strange.slice(0, mostNamed).join(', ')}${strange.length > mostNamed ? ` and ${strange.length - mostNamed} more` : ''}`,
      ),
    )
  if (fitting.length > kept.length)
    warnings.push(say(`the first ${kept.length} of ${fitting.length} addresses are kept`))
  if (network !== undefined && kept.length > 0)
    warnings.push(say(`the addresses are of ${network}: they change, and strangers have the same; open it by name`))
  return {
    entry: { ...(kept.length > 0 ? { addresses: kept } : {}), ...(network === undefined ? {} : { network }) },
    warnings,
  }
}

function assertServers(servers: readonly string[] | undefined): void {
  if (servers === undefined) return
  try {
    new Resolver().setServers(servers)
  } catch (cause) {
    throw new SealiftError('USAGE_ARGUMENTS', 'a name server is not acceptable', {
      why: (cause as Error).message,
      fix: 'write its address: 10.0.0.53, 10.0.0.53:5353 or [fd00::53]:53',
      cause,
    })
  }
}
