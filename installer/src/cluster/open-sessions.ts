import type { Cluster } from './connection.ts'

/** milliseconds that one pod has to say it */
const timeout = 3000

/**
 * Open terminals, editors and SSH connections, as the envproxy's pods count them (GET /metrics, through the API server).
 * Undefined where one of them can't be asked: this user may not, or a network policy keeps the API server out.
 */
export async function openSessions(cluster: Cluster, namespace: string): Promise<number | undefined> {
  const labelSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=envproxy'
  try {
    const list = () => cluster.core.listNamespacedPod({ namespace, labelSelector })
    const { items } = await cluster.request('list the envproxies', list)
    const counts = await Promise.all(
      items.map(async ({ metadata }) => {
        const path = `/api/v1/namespaces/${namespace}/pods/${metadata?.name}:8080/proxy/metrics`
        const text = await cluster.raw<string>('GET', path, { accept: 'text/plain', timeout })
        const [, count] = /^envproxy_sessions (\d{1,9})$/m.exec(String(text)) ?? []
        if (count === undefined) throw new Error('no such metric')
        return Number(count)
      }),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  } catch {
    cluster.signal.throwIfAborted()
    return undefined
  }
}
