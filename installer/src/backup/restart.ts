import type { V1Pod } from '@kubernetes/client-node'
import type { Cluster } from '../cluster/connection.ts'
import { describeProblem } from '../cluster/pod-problems.ts'
import { waitForRollout } from '../cluster/rollout.ts'
import { workloadsOf } from '../cluster/workloads.ts'
import { renderedObjects } from '../coverage/rendered-yaml.ts'
import type { Reporter } from '../install/events.ts'

/** milliseconds until all of it runs again */
const patience = 600_000

/**
 * Lets pods of the platform start anew: the managers, which know the database of before, and whoever has one of these Secrets.
 * Waits until all of it runs. Pods are replaced by what made them, so nothing differs from the manifest afterwards.
 * @throws SealiftError CLUSTER_ROLLOUT, CLUSTER_*
 */
export async function restartPods(
  cluster: Cluster,
  namespace: string,
  { manifest, secrets, report }: { manifest: string; secrets: readonly string[]; report: Reporter },
): Promise<void> {
  const labelSelector = 'app.kubernetes.io/part-of=cde'
  const list = () => cluster.core.listNamespacedPod({ namespace, labelSelector })
  const { items } = await cluster.request(`list pods of ${namespace}`, list)
  const concerned = items.filter((pod) => {
    const component = pod.metadata?.labels?.['app.kubernetes.io/component']
    return component === 'manager' || (component !== 'workspace' && usesAny(pod, secrets))
  })
  for (const { metadata } of concerned) {
    const name = metadata?.name ?? ''
    await cluster.find(`restart pod ${namespace}/${name}`, () => cluster.core.deleteNamespacedPod({ namespace, name }))
  }
  await waitForRollout(cluster, namespace, workloadsOf(renderedObjects(manifest)), {
    timeout: patience,
    onProgress: (ready, wanted) => report.progress(ready, wanted, 'items'),
    onProblem: (problem) => report.warn(describeProblem(problem)),
  })
}

const usesAny = ({ spec }: V1Pod, secrets: readonly string[]): boolean =>
  !!spec?.volumes?.some(({ secret }) => secret?.secretName !== undefined && secrets.includes(secret.secretName))
