import type { Cluster } from './connection.ts'

/** What somebody in the cluster says of an object, `name`. */
export interface ClusterEvent {
  name: string
  /** `Normal`, `Warning` */
  type: string
  reason: string
  message: string
}

/** What the cluster itself says of the objects in a namespace, in its own words, the newest last; empty where it may not be read. */
export async function eventsOf(cluster: Cluster, namespace: string): Promise<ClusterEvent[]> {
  const list = await cluster
    .request(`list events of ${namespace}`, () => cluster.core.listNamespacedEvent({ namespace, limit: 500 }))
    .catch((error: unknown) => {
      if (cluster.signal.aborted) throw error
      return { items: [] }
    })
  const at = (time: Date | string | undefined) => (time === undefined ? 0 : new Date(time).getTime())
  return list.items
    .toSorted((a, b) => at(a.lastTimestamp ?? a.eventTime) - at(b.lastTimestamp ?? b.eventTime))
    .map(({ involvedObject, type = '', reason = '', message = '' }) => ({
      ...{ name: involvedObject.name ?? '', type, reason, message: message.trim() },
    }))
}
