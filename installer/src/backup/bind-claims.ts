import { type KubernetesObject, PatchStrategy, type V1PersistentVolume } from '@kubernetes/client-node'
import { fieldManager } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { allowed } from './allowed.ts'
import type { HomeClaim } from './document.ts'

/** What became of home directories, which are volumes and no part of a backup; names of claims. */
export interface Homes {
  /** those that are there */
  there: string[]
  /** those whose volume was there, and that claim it again */
  bound: string[]
  /** those whose volume is not there */
  missing: { name: string; why: string }[]
}

/**
 * Claims the volumes of home directories again that are in the cluster without a claim.
 * @throws SealiftError CLUSTER_*
 */
export async function bindClaims(cluster: Cluster, namespace: string, claims: readonly HomeClaim[]): Promise<Homes> {
  const homes: Homes = { there: [], bound: [], missing: [] }
  for (const claim of claims) {
    const { name, volume } = claim
    const read = () => cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name })
    const found = await cluster.find(`read persistentvolumeclaim ${namespace}/${name}`, read)
    if (found) {
      homes.there.push(name)
      continue
    }
    const why = volume === undefined ? 'it never had a volume' : await unusable(cluster, namespace, name, volume)
    if (why !== undefined) homes.missing.push({ name, why })
    else {
      await bind(cluster, namespace, claim)
      homes.bound.push(name)
    }
  }
  return homes
}

/** Why a volume cannot be claimed again; undefined where it can. */
async function unusable(cluster: Cluster, namespace: string, claim: string, name: string): Promise<string | undefined> {
  const read = cluster.find(`read persistentvolume ${name}`, () => cluster.core.readPersistentVolume({ name }))
  const volume = await allowed(read.then((found) => found ?? 'none'))
  if (volume === undefined) return `whether volume ${name} is there may not be looked at`
  if (volume === 'none') return `its volume ${name} is not in the cluster`
  const { claimRef } = volume.spec ?? {}
  const phase = volume.status?.phase
  if (claimRef && (claimRef.namespace !== namespace || claimRef.name !== claim))
    return `its volume ${name} is claimed by ${claimRef.namespace}/${claimRef.name}`
  return phase === 'Failed' || volume.metadata?.deletionTimestamp !== undefined
    ? `its volume ${name} is ${phase}`
    : undefined
}

/** A volume that was released takes a claim of the same name when it no longer knows the old one (Kubernetes, "Retain"). */
async function bind(cluster: Cluster, namespace: string, claim: HomeClaim): Promise<void> {
  const { name, labels, accessModes, storage, storageClass, volume = '' } = claim
  const freed = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } },
    spec: {
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid: null, resourceVersion: null },
    },
  }
  await cluster.request(`free persistentvolume ${volume}`, () =>
    cluster.objects.patch(
      freed as unknown as KubernetesObject & V1PersistentVolume,
      ...([undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch] as const),
    ),
  )
  const body = {
    metadata: { namespace, name, labels },
    spec: {
      ...{ accessModes, volumeName: volume, resources: { requests: { storage } } },
      // without a class a default one would be put in, which is another one than the volume's
      storageClassName: storageClass ?? '',
    },
  }
  await cluster.request(`create persistentvolumeclaim ${namespace}/${name}`, () =>
    cluster.core.createNamespacedPersistentVolumeClaim({ namespace, body, fieldManager }),
  )
}
