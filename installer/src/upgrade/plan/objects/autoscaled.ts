import type { KubernetesObject } from '@kubernetes/client-node'
import type { Cluster } from '../../../cluster/connection.ts'
import { own } from './field-path.ts'

/**
 * Which workloads of a namespace an autoscaler scales, as `Deployment/cde-manager`. Empty where the cluster has none, or does
 * not say.
 */
export async function autoscaledIn(cluster: Cluster, namespace: string): Promise<Set<string>> {
  const path = `/apis/autoscaling/v2/namespaces/${encodeURIComponent(namespace)}/horizontalpodautoscalers`
  const answer = await cluster.request('look for autoscalers', () =>
    cluster.ask('GET', path, { query: { limit: 500 } }),
  )
  if (answer.status !== 200) return new Set()
  const { items = [] } = JSON.parse(answer.text) as { items?: (KubernetesObject & { spec?: unknown })[] }
  return new Set(
    items.map(({ spec }) => {
      const target = own(spec, 'scaleTargetRef')
      return `${own(target, 'kind')}/${own(target, 'name')}`
    }),
  )
}
