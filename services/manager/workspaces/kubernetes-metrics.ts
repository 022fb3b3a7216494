import { ApiException, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node'
import type { WorkspaceStats } from './engine.ts'
import { workspaceLabel, workspaceSelector } from './objects.ts'

type PodMetrics = {
  metadata?: { labels?: Record<string, string> }
  containers?: { usage?: { cpu?: string; memory?: string } }[]
}

/** What workspaces use, by the cluster's metrics API (metrics.k8s.io); undefined in a cluster without it. */
export async function readMetrics(config: KubeConfig, namespace: string): Promise<WorkspaceStats[] | undefined> {
  const api = config.makeApiClient(CustomObjectsApi)
  const where = { group: 'metrics.k8s.io', version: 'v1beta1', namespace, plural: 'pods' }
  try {
    const list = (await api.listNamespacedCustomObject({ ...where, labelSelector: workspaceSelector })) as {
      items?: PodMetrics[]
    }
    return (list.items ?? []).flatMap((pod) => {
      const id = pod.metadata?.labels?.[workspaceLabel]
      if (id === undefined) return []
      const sum = (field: 'cpu' | 'memory') =>
        (pod.containers ?? []).reduce((total, { usage }) => total + quantity(usage?.[field] ?? '0'), 0)
      return [{ id, cpu: Math.round(sum('cpu') * 1000) / 1000, memoryBytes: Math.round(sum('memory')) }]
    })
  } catch (error) {
    // not installed, or not ours to read
    if (error instanceof ApiException && (error.code === 404 || error.code === 403 || error.code === 503))
      return undefined
    throw error
  }
}

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
}

/** A Kubernetes quantity (`250m`, `512Mi`) as a number; 0 for what is none. */
export function quantity(text: string): number {
  const [, digits = '0', suffix = ''] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text) ?? []
  return Number(digits) * (factors[suffix] ?? 0)
}
