import type { Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import type { Stage } from './trial.ts'

/** How one entry went from one place. */
export interface Result extends Pick<Endpoint, 'id' | 'scheme' | 'port' | 'required' | 'without'> {
  /** pattern of hosts, as an allowlist shows it */
  host: string
  place: From
  /** name of the node, where that is what the place is */
  node?: string
  outcome: Stage | 'skipped'
  /** what was seen; of `skipped`, why it was not tried */
  detail: string
  /** whose certificate opens TLS, where that is not a public CA's */
  issuer?: string
  /** what helps; empty where nothing has to */
  fix: string
}
