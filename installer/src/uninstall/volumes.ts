import type { V1PersistentVolume } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { quantity } from '../cluster/quantity.ts'

/** A claim of the platform and the volume behind it. */
export interface Volume {
  claim: string
  /** what it was claimed for, or has */
  bytes: number
  /** name of the persistent volume; absent while none is bound, or where volumes can't be looked at */
  volume?: string
  /** what becomes of the volume when its claim goes (Kubernetes, "Persistent Volumes", Reclaiming) */
  reclaim?: string
}

/** The named claims of a namespace with their sizes. @throws SealiftError CLUSTER_* */
export async function volumesOf(cluster: Cluster, namespace: string, claims: readonly string[]): Promise<Volume[]> {
  if (claims.length === 0) return []
  const { items } = await cluster.request(`list persistentvolumeclaims of ${namespace}`, () =>
    cluster.core.listNamespacedPersistentVolumeClaim({ namespace }),
  )
  const behind = new Map((await boundVolumes(cluster, namespace))?.map((one) => [one.spec?.claimRef?.name, one]))
  return items.flatMap(({ metadata, spec, status }) => {
    const claim = metadata?.name ?? ''
    if (!claims.includes(claim)) return []
    const volume = behind.get(claim)
    const reclaim = volume?.spec?.persistentVolumeReclaimPolicy
    return [
      {
        claim,
        bytes: quantity(status?.capacity?.storage ?? spec?.resources?.requests?.storage),
        ...(spec?.volumeName ? { volume: spec.volumeName } : {}),
        ...(reclaim ? { reclaim } : {}),
      },
    ]
  })
}

/** The volumes that are, or were, bound to claims of a namespace; undefined where this user may not look. */
export async function boundVolumes(cluster: Cluster, namespace: string): Promise<V1PersistentVolume[] | undefined> {
  try {
    const { items } = await cluster.request('list persistentvolumes', () => cluster.core.listPersistentVolume())
    return items.filter(({ spec }) => spec?.claimRef?.namespace === namespace)
  } catch (error) {
    if (error instanceof SealiftError && error.code === 'CLUSTER_FORBIDDEN') return undefined
    throw error
  }
}
