import type { LookupFunction } from 'node:net'

/**
 * Looks on while requests are made: where do they lead, and may they? All that the client of a registry asks, for content
 * or for a token, goes through `exchange`, which tells it here.
 */
export interface Watcher {
  /** Why what a redirect or a challenge leads to is not asked; undefined where it may be. `from` leads there. */
  refuse(to: URL, from: URL): string | undefined
  /**
   * The addresses that one exchange asked, in their order, also where the last did not answer. `tokenOf`: origin of the
   * registry that wants a token from there.
   */
  took(way: readonly URL[], tokenOf: URL | undefined): void
  /** finds the addresses of a name where no proxy does it; may fail with RefusedAddress */
  lookup: LookupFunction
}
