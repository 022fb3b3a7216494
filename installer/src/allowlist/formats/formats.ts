import { aws } from './aws.ts'
import { azure } from './azure.ts'
import { cilium } from './cilium.ts'
import { csv } from './csv.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'
import { markdown } from './markdown.ts'
import { networkpolicy } from './networkpolicy.ts'
import { nftables } from './nftables.ts'
import { nginx } from './nginx.ts'
import { pac } from './pac.ts'
import { paloaltoDomains } from './paloalto-domains.ts'
import { paloaltoUrls } from './paloalto-urls.ts'
import { squid } from './squid.ts'
import { table } from './table.ts'

/** All formats of `sealift allowlist generate --format`, those for people first. docs/allowlist-formats.md has a row for each. */
export const formats: readonly Format[] = [
  table,
  markdown,
  json,
  csv,
  squid,
  nginx,
  nftables,
  networkpolicy,
  cilium,
  aws,
  azure,
  paloaltoDomains,
  paloaltoUrls,
  pac,
]
