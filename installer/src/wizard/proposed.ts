import type { Draft } from '../answers/draft.ts'
import { text } from './looks/look.ts'
import { registryIn } from './served.ts'
import type { Page } from './view.ts'

/** the port of container registries (distribution's default) */
const registryPort = 5000

/**
 * Answers that are likely, for a page that is gone to with none: they stand there as if typed, to be seen and changed. A
 * bundle is served at the address of this machine that the cluster's way leads to.
 */
export async function proposedFor(page: Page, draft: Draft): Promise<Readonly<Record<string, string>>> {
  const isOpen = registryIn(draft).kind === 'serve' && text(draft, '/registry/address') === undefined
  if (page !== 'registry' || !isOpen || text(draft, '/bundle') === undefined) return {}
  const { ownAddress } = await import('../serve/own-address.ts')
  const { writeAddress } = await import('../serve/listen.ts')
  const host = await ownAddress(await serverOf(draft))
  return host === undefined ? {} : { '/registry/address': writeAddress({ host, port: registryPort }) }
}

/** The host of the API server that the answers lead to. */
async function serverOf(draft: Draft): Promise<string | undefined> {
  try {
    const { connectCluster } = await import('../cluster/connection.ts')
    const site = { kubeconfig: text(draft, '/kubeconfig'), context: text(draft, '/context') }
    const { hostname } = new URL(connectCluster(site, AbortSignal.abort()).server)
    return hostname.replace(/^\[|\]$/g, '')
  } catch {
    return undefined
  }
}
