import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { assertCanonical } from '../canonical.ts'

/** What a format can't say at all, by the entry's id. */
export interface Omitted {
  id: string
  why: string
}

export interface Written {
  text: string
  /** entries that the text does not open; stated in it too, where the format has comments */
  omitted: readonly Omitted[]
}

/** What a text admits. `network` is a CIDR. Without `port`: any port; without `protocol`: TCP. */
export interface Rule {
  pattern: HostPattern | { network: string }
  port?: number
  protocol?: 'udp'
}

export interface WriteOptions {
  /** HOST:PORT of the site's proxy; for `pac` */
  proxy?: string
}

/** One way to write an allowlist: for people, or for a product that enforces it. */
export interface Format {
  id: string
  title: string
  /** what it can never say, in plain words */
  cannot: readonly string[]
  /**
   * Writes every entry of a list; which ones is the caller's choice.
   * @throws SealiftError USAGE_ALLOWLIST where a field is not in its one canonical way
   */
  write(list: Allowlist, options?: WriteOptions): Written
  /**
   * What a text admits by the product's own rules: written apart from `write`, so that the one shows the other's mistakes.
   * @throws Error where the text has what `write` does not write
   */
  read?(text: string): Rule[]
}

/** The format, with every list looked at before it is written. */
export const defineFormat = (format: Format): Format => ({
  ...format,
  write(list: Allowlist, options?: WriteOptions) {
    assertCanonical(list)
    return format.write(list, options)
  },
})

/** Parts the entries that a format can say from those for which `reason` gives a reason why not. */
export function sift(
  list: Allowlist,
  reason: (endpoint: Endpoint) => string | undefined,
): { said: Endpoint[]; omitted: Omitted[] } {
  const said: Endpoint[] = []
  const omitted: Omitted[] = []
  for (const endpoint of list.endpoints) {
    const why = reason(endpoint)
    if (why === undefined) said.push(endpoint)
    else omitted.push({ id: endpoint.id, why })
  }
  return { said, omitted }
}
