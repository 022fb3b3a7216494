import type { Cluster } from '../cluster/connection.ts'
import type { HomeClaim } from './document.ts'

/** Labels of what a workspace has (services/manager/workspaces/objects.ts). */
const ofWorkspaces = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=workspace'

/** The claims of home directories, with what is needed to claim the same volumes again. @throws SealiftError CLUSTER_* */
export async function readClaims(cluster: Cluster, namespace: string): Promise<HomeClaim[]> {
  const list = () => cluster.core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector: ofWorkspaces })
  const { items } = await cluster.request(`list persistentvolumeclaims of ${namespace}`, list)
  return items.map(({ metadata, spec }) => ({
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    storage: spec?.resources?.requests?.storage ?? '1Gi',
    accessModes: spec?.accessModes ?? ['ReadWriteOnce'],
    ...(spec?.storageClassName ? { storageClass: spec.storageClassName } : {}),
    ...(spec?.volumeName ? { volume: spec.volumeName } : {}),
  }))
}
