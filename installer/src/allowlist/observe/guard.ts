import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { canonicalHost } from '@sealift/bundle-spec/host-pattern.ts'
import { RefusedAddress } from '../../stores/registry/failure.ts'
import type { Watcher } from '../../stores/registry/watcher.ts'
import { isInner, type Reach, reachOf, reachOfName } from '../resolve/reach.ts'
import { hostOf } from './sightings.ts'

export interface Guard extends Pick<Watcher, 'refuse' | 'lookup'> {
  /** Whether not all addresses of a host were refused. */
  kept(url: URL): boolean
  /** Whether a name was looked up here, and nobody outside reaches its addresses. */
  inside(url: URL): boolean
}

/**
 * Keeps what a registry leads to from being further inside than the registry itself: a registry that everybody reaches
 * leads to no private network, none at all to link-local addresses, where clouds keep secrets. Names are judged by the
 * addresses that are then connected to, so that no second answer of DNS gets by.
 */
export function guardFor(registry: URL, lookUp: typeof lookup = lookup): Guard {
  const home = hostOf(registry)
  /** the furthest that was seen, so that it can't move inside; unknown until the name is looked up, which a proxy would do */
  let own = isIP(home) === 0 ? reachOfName(home) : reachOf(home)
  const reaches = new Map<string, Reach>()
  const led = new Set<string>()
  const refused = new Set<string>()
  const mayReach = (reach: Reach) => reach !== 'never' && !isInner(reach, own ?? 'everybody')

  const judged: LookupFunction = (asked, options, done) => {
    const name = canonicalHost(asked) ?? asked
    lookUp(asked, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0)
      const kept = led.has(name) ? found.filter(({ address }) => mayReach(reachOf(address))) : found
      const reach = furthest(kept, name === home ? own : undefined)
      reaches.set(name, reach)
      if (name === home) own = reach
      const [first] = kept
      if (first !== undefined) return options.all ? done(null, kept) : done(null, first.address, first.family)
      refused.add(name)
      const wanted = { host: registry.host, operation: `ask ${name}` }
      done(
        new RefusedAddress(wanted, name, `${name} has no address but ${found[0]?.address ?? 'none'}, further inside`),
        '',
        0,
      )
    })
  }

  return {
    refuse(to) {
      const host = hostOf(to)
      if (canonicalHost(host) === undefined) return `${to.host} is not the name of a host`
      const reach = isIP(host) === 0 ? reachOfName(host) : reachOf(host)
      if (reach !== undefined && !mayReach(reach)) return `${host} is no address that it may lead to (${reach})`
      if (host !== home) led.add(host)
      return undefined
    },
    kept: (url) => !refused.has(hostOf(url)),
    inside: (url) => (reaches.get(hostOf(url)) ?? 'everybody') !== 'everybody',
    lookup: judged,
  }
}

const furthest = (addresses: readonly LookupAddress[], known: Reach = 'never'): Reach =>
  addresses
    .map(({ address }) => reachOf(address))
    .reduce((outer, reach) => (isInner(outer, reach) ? reach : outer), known)
