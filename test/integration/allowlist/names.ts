import { canonicalHost, matchesHost } from '@sealift/bundle-spec/host-pattern.ts'
import { allowlist, endpoint } from '../../fixtures/allowlist.ts'

const matches = ['exact', 'label', 'below', 'within'] as const

/** A list with one name of each match, all at one port. */
export const listAt = (port: number) =>
  allowlist(matches.map((match) => endpoint({ host: `${match}.example`, match, port, scheme: 'https' })))

/** Names beside and below those of `listAt`, as clients may write them, and whether they are listed. */
export const asked: readonly { name: string; listed: boolean }[] = matches
  .map((match) => `${match}.example`)
  .flatMap((host) => [
    host,
    `a.${host}`,
    `a.b.${host}`,
    `not${host}`,
    `${host}.evil.test`,
    `a-${host}`,
    `${host}.`,
    `A.${host}.`,
  ])
  .concat('exact-example', 'exactaexample', 'alabel.example', 'xlabelaexample', 'label.example.label.example')
  .map((name) => ({
    name,
    listed: listAt(443).endpoints.some((pattern) => matchesHost(pattern, canonicalHost(name) ?? '')),
  }))
