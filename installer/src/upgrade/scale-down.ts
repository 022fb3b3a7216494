import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'

export interface Scaled {
  kind: 'Deployment' | 'StatefulSet'
  namespace: string
  name: string
  /** of its pods */
  labels: Record<string, string>
  /** milliseconds that they may take to end */
  timeout: number
}

/**
 * Stops the pods of a workload and waits until none is left; Helm starts them again. Returns whether it was to run until now.
 * One that is not there is stopped already.
 * @throws SealiftError CLUSTER_ROLLOUT, CLUSTER_*
 */
export async function scaleDown(
  cluster: Cluster,
  { kind, namespace, name, labels, timeout }: Scaled,
): Promise<boolean> {
  const { core, apps } = cluster
  const wanted = await cluster.find(`stop ${kind} ${namespace}/${name}`, async () => {
    const one = { name, namespace }
    const isSet = kind === 'StatefulSet'
    const { spec } = await (isSet ? apps.readNamespacedStatefulSetScale(one) : apps.readNamespacedDeploymentScale(one))
    // whatever controllers write meanwhile
    const body = [{ op: 'add', path: '/spec/replicas', value: 0 }]
    if (spec?.replicas !== 0)
      await (isSet
        ? apps.patchNamespacedStatefulSetScale({ ...one, body })
        : apps.patchNamespacedDeploymentScale({ ...one, body }))
    return spec?.replicas ?? 0
  })
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const list = () => core.listNamespacedPod({ namespace, labelSelector })
  for (const deadline = Date.now() + timeout; ; ) {
    const { items } = await cluster.request(`list the pods of ${kind} ${namespace}/${name}`, list)
    const [left] = items
    if (left === undefined) return (wanted ?? 0) > 0
    if (Date.now() > deadline)
      throw new SealiftError('CLUSTER_ROLLOUT', `${left.metadata?.name} does not stop`, {
        fix: `kubectl${cluster.flags} --namespace ${namespace} describe pod ${left.metadata?.name}`,
      })
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}
