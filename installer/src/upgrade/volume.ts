import type { KubernetesObject, V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { sizeOf } from '../cluster/database-volume.ts'
import { settled } from '../cluster/settled.ts'

/** Marks on a claim: the upgrade that made it, by its start, and the backup that it was filled from, whole. */
const madeBy = 'sealift.dev/made-by-upgrade'
const filledFrom = 'sealift.dev/filled-from'

/** A volume of the database, as it is going to stay. @throws SealiftError CLUSTER_DELETING, CLUSTER_* */
export const readVolume = (
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<V1PersistentVolumeClaim | undefined> =>
  settled(cluster, `persistentvolumeclaim ${namespace}/${name}`, () =>
    cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name }),
  )

const isOf = (claim: V1PersistentVolumeClaim, upgrade: string): boolean =>
  claim.metadata?.annotations?.[madeBy] === upgrade

/** Whether a volume was filled by an upgrade, to the end. */
export const isFilled = (claim: V1PersistentVolumeClaim | undefined, upgrade: string, backup: string): boolean =>
  claim !== undefined && isOf(claim, upgrade) && claim.metadata?.annotations?.[filledFrom] === backup

/** Refuses to write over what another upgrade, or somebody, has left. @throws SealiftError UPGRADE_VOLUME */
export async function assertFree(cluster: Cluster, namespace: string, name: string, upgrade: string): Promise<void> {
  const claim = await readVolume(cluster, namespace, name)
  if (claim === undefined || isOf(claim, upgrade)) return
  throw new SealiftError('UPGRADE_VOLUME', `the volume ${name} that the database would move into is there already`, {
    why: `${sizeOf(claim)}, of ${claim.metadata?.creationTimestamp?.toISOString() ?? 'before'}: this upgrade has not made it, and would write over what is in it`,
    fix: `if nobody needs what is in it: kubectl${cluster.flags} --namespace ${namespace} delete pvc ${name}; then upgrade again`,
  })
}

/** Makes the claim that a StatefulSet would make for its first pod, with the marks of an upgrade; `backup` once it is filled. */
export async function applyVolume(
  cluster: Cluster,
  namespace: string,
  { metadata, spec }: V1StatefulSet,
  { upgrade, backup }: { upgrade: string; backup?: string },
): Promise<void> {
  const template = spec?.volumeClaimTemplates?.[0]
  const annotations = { [madeBy]: upgrade, ...(backup === undefined ? {} : { [filledFrom]: backup }) }
  const name = `${template?.metadata?.name}-${metadata?.name}-0`
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: { namespace, name, labels: template?.metadata?.labels, annotations },
    spec: template?.spec,
  }
  await apply(cluster, claim as KubernetesObject)
}

/** Deletes what an upgrade has made, and waits until it is gone. Returns whether there was any. @throws SealiftError CLUSTER_* */
export async function removeVolume(
  cluster: Cluster,
  namespace: string,
  name: string,
  upgrade: string,
): Promise<boolean> {
  const claim = await readVolume(cluster, namespace, name)
  if (claim === undefined || !isOf(claim, upgrade)) return false
  await cluster.find(`delete persistentvolumeclaim ${namespace}/${name}`, () =>
    cluster.core.deleteNamespacedPersistentVolumeClaim({ namespace, name }),
  )
  await readVolume(cluster, namespace, name)
  return true
}
