import { setTimeout } from 'node:timers/promises'
import type { KubernetesObject } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'

/** How an object that is being deleted is waited for. */
export interface Patience {
  /** milliseconds; a namespace goes when the last pod in it has */
  limit?: number
  /** milliseconds between looks */
  interval?: number
  /** called once, where there is something to wait for */
  onWait?: (what: string) => void
}

/** milliseconds: how long a deletion is waited for by default, and how often is looked */
export const deletion = { limit: 180_000, interval: 1000 }

/**
 * Reads an object as it is going to stay: while it is being deleted, this waits. Nothing may be put into a namespace that
 * is going, nor kept in any other object. `what` names it: `namespace cde`. Undefined where there is none.
 * @throws SealiftError CLUSTER_DELETING where it does not go, CLUSTER_*
 */
export async function settled<T extends KubernetesObject>(
  cluster: Cluster,
  what: string,
  read: () => Promise<T>,
  { limit = deletion.limit, interval = deletion.interval, onWait }: Patience = {},
): Promise<T | undefined> {
  for (let waited = 0; ; waited += interval) {
    const found = await cluster.find(`read ${what}`, read)
    if (found?.metadata?.deletionTimestamp === undefined) return found
    if (waited >= limit) throw stuck(cluster, what, found, limit)
    if (waited === 0) onWait?.(what)
    await setTimeout(interval, undefined, { signal: cluster.signal })
  }
}

function stuck({ flags }: Cluster, what: string, object: KubernetesObject, limit: number): SealiftError {
  const { metadata, status } = object as KubernetesObject & { status?: { conditions?: Condition[] } }
  const reasons = (status?.conditions ?? []).filter((one) => one.status === 'True').map((one) => one.message)
  const { namespace, finalizers = [] } = metadata ?? {}
  const [kind, name] = what.split(' ')
  return new SealiftError('CLUSTER_DELETING', `${what} is still being deleted after ${Math.round(limit / 1000)} s`, {
    why: [...reasons, ...finalizers.map((finalizer) => `finalizer ${finalizer}`)].join('; ') || undefined,
    fix: `see what holds it, wait, run the command again: kubectl${flags} describe ${kind} ${name}${namespace === undefined ? '' : ` --namespace ${namespace}`}`,
  })
}

interface Condition {
  status: string
  message?: string
}
