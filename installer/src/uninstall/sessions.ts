import type { Cluster } from '../cluster/connection.ts'
import type { Found } from '../cluster/inventory.ts'

/** milliseconds that one pod has to say it */
const timeout = 3000

/**
 * Open terminals, editors and SSH connections, as the envproxy's pods count them (GET /metrics, through the API server).
 * Undefined where one of them can't be asked: this user may not, or a network policy keeps the API server out.
 */
export async function openSessions(cluster: Cluster, pods: readonly Found[]): Promise<number | undefined> {
  const proxies = pods.filter(
    ({ kind, metadata }) => kind.resource === 'pods' && metadata.labels?.['app.kubernetes.io/component'] === 'envproxy',
  )
  try {
    const counts = await Promise.all(
      proxies.map(async ({ metadata: { namespace = '', name } }) => {
        const path = `/api/v1/namespaces/${namespace}/pods/${name}:8080/proxy/metrics`
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
