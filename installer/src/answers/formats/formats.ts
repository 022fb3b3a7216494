import { domain, hostFault, siteHost } from './host.ts'
import { namespaceFault } from './namespace.ts'
import { pathFault } from './path.ts'
import { registryFault } from './registry.ts'
import type { Said } from './said.ts'

/** What a text in the answers can be held to, by the word that stands in the schema. */
export const formats = {
  host: (text) => hostFault(text, siteHost),
  domain: (text) => hostFault(text, domain),
  registry: registryFault,
  namespace: namespaceFault,
  path: pathFault,
} as const satisfies Record<string, (text: string) => Said | undefined>

export type Format = keyof typeof formats
