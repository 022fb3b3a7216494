import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CoreV1Api, V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node'

const provisioner = 'lab.sealift.dev/directory'
const provisionedBy = 'pv.kubernetes.io/provisioned-by'
const storageClass = 'lab'

/** The volume that a claim gets: a directory of its own below `root`. */
export function volumeFor(claim: V1PersistentVolumeClaim, root: string): V1PersistentVolume {
  const { uid = '', name = '', namespace = '' } = claim.metadata ?? {}
  const volumeName = `pvc-${uid}`
  return {
    metadata: { name: volumeName, annotations: { [provisionedBy]: provisioner } },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '1Gi' },
      accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: storageClass,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      hostPath: { path: join(root, volumeName), type: 'Directory' },
    },
  }
}

/** Whether a claim waits for a volume of this provisioner. */
export function needsVolume(claim: V1PersistentVolumeClaim): boolean {
  return (
    claim.spec?.storageClassName === storageClass &&
    !claim.spec.volumeName &&
    claim.metadata?.deletionTimestamp === undefined
  )
}

/** Creates the volumes that claims wait for; removes those, data included, whose claim is gone. */
export async function reconcileVolumes(
  api: CoreV1Api,
  claims: readonly V1PersistentVolumeClaim[],
  volumes: readonly V1PersistentVolume[],
  root: string,
): Promise<void> {
  const existing = new Set(volumes.map((volume) => volume.metadata?.name))
  for (const claim of claims.filter(needsVolume)) {
    const volume = volumeFor(claim, root)
    if (existing.has(volume.metadata?.name)) continue
    const path = volume.spec?.hostPath?.path ?? ''
    await mkdir(path, { recursive: true })
    // fsGroup does not apply to hostPath volumes, and pods run as users of their own
    await chmod(path, 0o777)
    await api.createPersistentVolume({ body: volume })
    console.log(`${claim.metadata?.namespace}/${claim.metadata?.name}: ${volume.metadata?.name}`)
  }
  for (const volume of volumes) {
    const ours = volume.metadata?.annotations?.[provisionedBy] === provisioner
    const done = volume.status?.phase === 'Released' && volume.spec?.persistentVolumeReclaimPolicy === 'Delete'
    if (!ours || !done || volume.metadata?.deletionTimestamp !== undefined) continue
    await rm(join(root, volume.metadata?.name ?? ''), { recursive: true, force: true })
    await api.deletePersistentVolume({ name: volume.metadata?.name ?? '' })
    console.log(`${volume.metadata?.name}: deleted`)
  }
}
