import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { canonicalHost } from '@sealift/bundle-spec/host-pattern.ts'
import { RefusedAddress } from '../../stores/registry/failure.ts'
import type { Watcher } from '../../stores/registry/watcher.ts'
import { isInner, type Reach, reachOf, reachOfName } from '../resolve/reach.ts'
import { hostOf } from './sightings.ts'

export interface Guard extends Pick<Watcher, 'refuse' | 'lookup'> {
  /** Whether all addresses of a host were refused. */
  kept(url: URL): boolean
}

/**
 * Keeps what a registry leads to from being further inside than the registry itself: a registry that everybody reaches
 * leads to no private network, none at all to link-local addresses, where clouds keep secrets. Names are judged by the
 * addresses that are then connected to, so that no second answer of DNS gets by.
 */
export function guardFor(registry: URL, lookUp: typeof lookup = lookup): Guard {
  const literal = isIP(hostOf(registry)) === 0 ? reachOfName(hostOf(registry)) : reachOf(hostOf(registry))
  /** the furthest of what was seen, so that it can't move inside; unknown until its name is looked up, which a proxy does alone */
  let own: Reach | undefined = literal
  const led = new Set<string>()
  const refused = new Set<string>()
  const mayReach = (reach: Reach) => reach !== 'never' && !isInner(reach, own ?? 'everybody')

  const judged: LookupFunction = (asked, options, done) => {
    const name = canonicalHost(asked) ?? asked
    lookUp(asked, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0)
      const kept = led.has(name) ? found.filter(({ address }) => mayReach(reachOf(address))) : found
      if (name === hostOf(registry))
        own = found
          .map(({ address }) => reachOf(address))
          .reduce((outer, reach) => (isInner(outer, reach) ? reach : outer), own ?? 'never')
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
      if (host !== hostOf(registry)) led.add(host)
      return undefined
    },
    kept: (url) => !refused.has(hostOf(url)),
    lookup: judged,
  }
}
