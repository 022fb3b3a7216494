import { isIP } from 'node:net'
import { type Allowlist, EndpointId } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { canonicalHost, readHostPattern, showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import Value from 'typebox/value'
import { printable } from '../printable.ts'

/**
 * Holds the fields of a list that become words of a firewall's configuration to the one way in which they are written: id,
 * host, match, port and addresses. Whoever writes a configuration relies on this for each letter of them.
 * @throws SealiftError USAGE_ALLOWLIST naming the entry
 */
export function assertCanonical(list: Allowlist): void {
  const ids = new Set<string>()
  list.endpoints.forEach((endpoint, at) => {
    const { host, match, port, addresses = [] } = endpoint
    const bad = (why: string) =>
      new SealiftError('USAGE_ALLOWLIST', `entry ${at + 1} of the allowlist is not acceptable`, {
        why,
        fix: 'generate the list anew, or correct the entry',
      })
    if (!Value.Check(EndpointId, endpoint.id)) throw bad(`its id is none: ${JSON.stringify(printable(endpoint.id))}`)
    if (ids.has(endpoint.id)) throw bad(`another one has its id: ${endpoint.id}`)
    ids.add(endpoint.id)
    const canonical = canonicalHost(host)
    if (canonical !== host)
      throw bad(
        canonical === undefined
          ? `${endpoint.id}: its host is neither a name nor an address: ${JSON.stringify(printable(host))}`
          : `${endpoint.id}: its host is to be written ${canonical}`,
      )
    if (readHostPattern(showHostPattern({ host, match }))?.match !== match)
      throw bad(`${endpoint.id}: there is no set of hosts "${match}" of ${host}`)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw bad(`${endpoint.id}: its port is none`)
    for (const { address } of addresses)
      if (isIP(address) === 0 || canonicalHost(address) !== address)
        throw bad(`${endpoint.id}: it has an address that is none: ${JSON.stringify(printable(address))}`)
  })
}
