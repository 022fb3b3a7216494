import { addressFault } from './address.ts'
import { checkFault } from './check.ts'
import { domain, hostFault, serverFault, siteHost } from './host.ts'
import { namespaceFault } from './namespace.ts'
import { pathFault } from './path.ts'
import { exemptFault, proxyFault } from './proxy.ts'
import { registryFault } from './registry.ts'
import { releaseFault } from './release.ts'
import type { Said } from './said.ts'

/** What a text in the answers can be held to, by the word that stands in the schema. */
export const formats = {
  host: (text) => hostFault(text, siteHost),
  domain: (text) => hostFault(text, domain),
  registry: registryFault,
  release: releaseFault,
  namespace: namespaceFault,
  path: pathFault,
  server: serverFault,
  proxy: proxyFault,
  exempt: exemptFault,
  check: checkFault,
  address: addressFault,
} as const satisfies Record<string, (text: string) => Said | undefined>

export type Format = keyof typeof formats
