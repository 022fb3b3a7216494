import type { V1ObjectMeta } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { statusOf } from './failure.ts'
import { type Kind, pathOf, type Unseen } from './kinds.ts'

/** What is known of an object without its content: secrets are never read. Dates are text (RFC 3339). */
export type Metadata = Omit<V1ObjectMeta, 'creationTimestamp' | 'deletionTimestamp'> & {
  name: string
  uid?: string
  creationTimestamp?: string
  deletionTimestamp?: string
}

export interface Found {
  kind: Kind
  metadata: Metadata
}

/** Where to look: in one namespace, or at what belongs to none, by a label selector. */
export interface Scope {
  namespace?: string
  selector?: string
}

/** objects that one answer brings */
const pageSize = 500
/** metadata alone (Kubernetes API concepts, "Metadata-only fetches"); a server that can't do it sends whole objects */
const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/**
 * Lists every object of the given kinds in one scope. Kinds that can't be looked at are told, not thrown, so that one broken
 * API does not hide all others.
 * @throws SealiftError CLUSTER_UNREACHABLE, CLUSTER_UNAUTHORIZED, CLUSTER_TLS
 */
export async function takeInventory(
  cluster: Cluster,
  kinds: readonly Kind[],
  { namespace, selector }: Scope,
): Promise<{ found: Found[]; unseen: Unseen[] }> {
  const unseen: Unseen[] = []
  const looked = kinds.filter(({ namespaced }) => namespaced === (namespace !== undefined))
  const lists = await atOnce(8, looked, async (kind) => {
    const what = `${kind.resource}${kind.group && `.${kind.group}`}`
    try {
      const items = await cluster.request(`list ${what}`, () => listAll(cluster, pathOf(kind, namespace), selector))
      return items.map(({ metadata }) => ({ kind, metadata }))
    } catch (error) {
      if (!(error instanceof SealiftError) || fatal.has(error.code)) throw error
      // a kind that is just being removed
      if (statusOf(error.cause) === 404) return []
      const forbidden = error.code === 'CLUSTER_FORBIDDEN' ? { forbidden: kind } : {}
      unseen.push({ what, why: error.why ?? error.message, ...forbidden })
      return []
    }
  })
  // some kinds are served by two groups: the same object, once
  const seen = new Set<string>()
  const found = lists.flat().filter(({ metadata: { uid } }) => uid === undefined || (!seen.has(uid) && seen.add(uid)))
  return { found, unseen }
}

/** Codes that no other request would fare better than. */
const fatal: ReadonlySet<string> = new Set(['CLUSTER_UNREACHABLE', 'CLUSTER_UNAUTHORIZED', 'CLUSTER_TLS'])

interface Page {
  metadata?: { continue?: string }
  items?: { metadata: Metadata }[]
}

async function listAll(cluster: Cluster, path: string, labelSelector?: string): Promise<{ metadata: Metadata }[]> {
  const items: { metadata: Metadata }[] = []
  for (let token: string | undefined; ; ) {
    const query = { limit: pageSize, labelSelector, continue: token }
    try {
      const page: Page = await cluster.raw<Page>('GET', path, { accept, query })
      items.push(...(page.items ?? []))
      token = page.metadata?.continue || undefined
    } catch (error) {
      // the place in the list is no longer known: from the start
      if (statusOf(error) !== 410 || token === undefined) throw error
      items.length = 0
      token = undefined
      continue
    }
    if (token === undefined) return items
  }
}
