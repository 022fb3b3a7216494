import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { diffAllowlists, type ListDifference } from '../../allowlist/diff.ts'

/** An address that a firewall has to let through from now on, or no longer. */
export interface PlannedAddress extends Pick<Endpoint, 'id' | 'from' | 'why' | 'required'> {
  /** `https://auth.vendor.example:443` */
  address: string
}

export interface PlannedAllowlist {
  open: PlannedAddress[]
  close: PlannedAddress[]
}

/** What changes for the firewall to the internet from what is installed to another release. */
export function planAllowlist(before: Allowlist, after: Allowlist): PlannedAllowlist {
  const { open, close } = diffAllowlists(outside(before), outside(after))
  const planned = (list: ListDifference['open']): PlannedAddress[] =>
    list.map(({ endpoint, from }) => {
      const { id, why, required } = endpoint
      return { address: showAddress(endpoint), id, from, why, required }
    })
  return { open: planned(open), close: planned(close) }
}

const outside = (list: Allowlist): Allowlist => ({
  ...list,
  endpoints: list.endpoints.filter(({ at }) => at === 'outside'),
})
