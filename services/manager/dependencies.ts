import type { Database } from './database.ts'
import type { Hub } from './events/hub.ts'
import type { Identify } from './identify.ts'
import type { InternalCalls } from './internal-calls.ts'
import type { Licensing } from './licensing.ts'
import type { PendingLogins } from './oidc/pending-login.ts'
import type { OidcProvider } from './oidc/provider.ts'
import type { TicketSigner } from './tickets.ts'
import type { WorkspaceEngine } from './workspaces/engine.ts'
import type { Reconciler } from './workspaces/reconcile.ts'

/** Everything the manager's API is made of; tests pass their own. */
export type Dependencies = {
  database: Database
  licensing: Licensing
  internalCalls: InternalCalls
  tickets: TicketSigner
  identify: Identify
  hub: Pick<Hub, 'subscribe'>
  engine: Pick<WorkspaceEngine, 'observe' | 'check' | 'growHome'>
  reconciler: Pick<Reconciler, 'wake'>
  accessUrl: string
  /** of one user, worked on in a second on average */ requestsPerSecond: number
  /** host below which dev URLs are; undefined: there are none */ devUrlsHost: string | undefined
  /** the host of all editors, where they have no names of their own */ editorsHost: string | undefined
  /** where the manager finds the envproxy */ envproxyUrl: string
  /** the site's identity provider, where there is one */
  oidc: { provider: OidcProvider; pendingLogins: PendingLogins } | undefined
  /** by which the cluster counts GPUs, where the site has some */ gpuResource: string | undefined
  /** milliseconds between looks whether a watch's session still holds; 30 s unless a test is in a hurry */
  recheckEvery?: number
  /** milliseconds since 1970 */ clock: () => number
}
