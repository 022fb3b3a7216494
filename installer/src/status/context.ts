import type { V1Pod } from '@kubernetes/client-node'
import type { Cluster } from '../cluster/connection.ts'
import { type HelmStatus, platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import { once } from '../install/once.ts'
import { type Receipt, receiptName } from '../install/receipt.ts'

/** What the lines of a status share; each is read when it is first asked for, once. All throw SealiftError CLUSTER_*. */
export interface StatusContext {
  cluster: Cluster
  namespace: string
  /** what Helm knows of the release; undefined where there is none */
  release(): Promise<HelmStatus | undefined>
  /** undefined where there is none, or none that can be read */
  receipt(): Promise<Receipt | undefined>
  /** of the platform and its workspaces */
  pods(): Promise<V1Pod[]>
}

export function statusContext(cluster: Cluster, namespace: string): StatusContext {
  return {
    cluster,
    namespace,
    release: once(() => readHelmHistory(cluster, platformRelease(namespace))),
    receipt: once(async () => {
      const map = await cluster.find('read the receipt', () =>
        cluster.core.readNamespacedConfigMap({ namespace, name: receiptName }),
      )
      try {
        return JSON.parse(map?.data?.['receipt.json'] ?? '') as Receipt
      } catch {
        return undefined
      }
    }),
    pods: once(async () => {
      const labelSelector = 'app.kubernetes.io/part-of=cde'
      const list = () => cluster.core.listNamespacedPod({ namespace, labelSelector, limit: 2000 })
      return (await cluster.request(`list pods of ${namespace}`, list)).items
    }),
  }
}
