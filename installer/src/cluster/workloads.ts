import type { KubernetesObject } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'

/** A thing that runs pods, with the labels by which its pods are found. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  name: string
  labels: Record<string, string>
}

/** How far a workload is. `ready` of `wanted` pods run what the workload asks for now. */
export interface WorkloadState {
  workload: Workload
  exists: boolean
  ready: number
  wanted: number
}

/** The workloads among rendered objects. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects.flatMap((object) => {
    const { kind } = object
    if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') return []
    const spec = (object as { spec?: { selector?: { matchLabels?: Record<string, string> } } }).spec
    return [{ kind, name: object.metadata?.name ?? '', labels: spec?.selector?.matchLabels ?? {} }]
  })
}

/** Reads how far workloads are. @throws SealiftError CLUSTER_* */
export async function workloadStates(
  cluster: Cluster,
  namespace: string,
  workloads: readonly Workload[],
): Promise<WorkloadState[]> {
  return await Promise.all(workloads.map((workload) => stateOf(cluster, namespace, workload)))
}

export const isReady = (state: WorkloadState): boolean => state.exists && state.ready >= state.wanted

/** "Generation" as in the API conventions: a status older than the specification says nothing about it. */
async function stateOf(cluster: Cluster, namespace: string, workload: Workload): Promise<WorkloadState> {
  const { apps } = cluster
  const { kind, name } = workload
  const doing = `read ${kind} ${namespace}/${name}`
  const missing = { workload, exists: false, ready: 0, wanted: 1 }
  if (kind === 'DaemonSet') {
    const found = await cluster.find(doing, () => apps.readNamespacedDaemonSet({ namespace, name }))
    if (!found) return missing
    const { desiredNumberScheduled = 0, numberReady = 0, updatedNumberScheduled = 0 } = found.status ?? {}
    const current = observed(found)
    const ready = current ? Math.min(numberReady, updatedNumberScheduled) : 0
    return { workload, exists: true, ready, wanted: current ? desiredNumberScheduled : 1 }
  }
  const found = await cluster.find<Replicated>(doing, () =>
    kind === 'Deployment'
      ? apps.readNamespacedDeployment({ namespace, name })
      : apps.readNamespacedStatefulSet({ namespace, name }),
  )
  if (!found) return missing
  const { updatedReplicas = 0, readyReplicas = 0, availableReplicas = readyReplicas } = found.status ?? {}
  const ready = observed(found) ? Math.min(updatedReplicas, availableReplicas) : 0
  return { workload, exists: true, ready, wanted: found.spec?.replicas ?? 1 }
}

interface Replicated {
  metadata?: { generation?: number }
  spec?: { replicas?: number }
  status?: {
    observedGeneration?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
  }
}

const observed = (o: { metadata?: { generation?: number }; status?: { observedGeneration?: number } }): boolean =>
  (o.status?.observedGeneration ?? 0) >= (o.metadata?.generation ?? 0)
