import { setTimeout } from 'node:timers/promises'
import { type KubernetesObject, PatchStrategy, type V1PersistentVolumeClaim, type V1Pod } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply, fieldManager, labels } from './apply.ts'
import type { Cluster } from './connection.ts'
import { type ClusterEvent, eventsOf } from './events.ts'
import { hindrance, type ProbePod, startProbePod } from './probe-pod.ts'
import { tryVolume, type VolumeFacts } from './volume-program.ts'

export interface VolumeProbe extends Pick<ProbePod, 'namespace' | 'image' | 'pullSecret' | 'architectures'> {
  storageClass: string
  /** milliseconds until the pod has ended */
  timeout: number
  /** the same without anything new, where the cluster warns of something */
  patience: number
}

const name = 'volume'

/**
 * Claims a volume of a class, and has a pod write to it and read it. The scheduler chooses the node, since many classes make
 * a volume where the pod is (Kubernetes, "Volume Binding Mode"). Needs a namespace of its own, with which the claim goes;
 * a volume that its class would keep is told to go with it, and `kept` names one that does not.
 * @throws SealiftError CLUSTER_VOLUME with what the cluster says of the claim and the pod
 */
export async function probeVolume(
  cluster: Cluster,
  probe: VolumeProbe,
  say: (what: string) => void,
): Promise<VolumeFacts & { kept?: string }> {
  const { namespace, image, pullSecret, architectures, timeout, patience } = probe
  await apply(cluster, claimOf(probe) as KubernetesObject)
  const limits = { cpu: '1', memory: '128Mi' }
  const where = architectures === undefined ? {} : { architectures }
  await startProbePod(cluster, {
    ...{ namespace, name, image, pullSecret, command: tryVolume(), limits, claim: name },
    ...where,
  })
  const started = Date.now()
  let volume: string | undefined
  let kept: string | undefined
  let last = { at: started, seen: '' }
  for (;;) {
    const pod = await cluster.request('read the pod of the volume', () =>
      cluster.core.readNamespacedPod({ namespace, name }),
    )
    if (volume === undefined) {
      volume = await boundTo(cluster, namespace)
      if (volume !== undefined && !(await goesWithClaim(cluster, volume))) kept = volume
    }
    const { spec, status } = pod
    const { terminated } = status?.containerStatuses?.[0]?.state ?? {}
    if (terminated) {
      const facts = terminated.exitCode === 0 ? factsIn(terminated.message) : undefined
      if (facts) return { ...facts, ...(kept === undefined ? {} : { kept }) }
      throw failure(cluster, probe, 'cannot be used', terminated.message || `exit code ${terminated.exitCode}`)
    }
    const events = await eventsOf(cluster, namespace)
    const message = events.at(-1)?.message ?? ''
    const seen = [volume, spec?.nodeName, message].join(' ')
    if (seen !== last.seen) {
      last = { at: Date.now(), seen }
      if (message) say(message)
    }
    const warned = events.some(({ type }) => type === 'Warning') && Date.now() - last.at > patience
    if (hindrance(pod) || warned || Date.now() - started > timeout) throw stuck(cluster, probe, volume, pod, events)
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}

/** What holds a volume up, in the words of the kubelet, or of the cluster: the last warnings, or else whatever it said last. */
function stuck(
  cluster: Cluster,
  probe: VolumeProbe,
  volume: string | undefined,
  seen: V1Pod,
  events: readonly ClusterEvent[],
): SealiftError {
  const hindered = hindrance(seen)?.message
  const reason = seen.status?.containerStatuses?.[0]?.state?.waiting?.reason
  const mounting = !hindered && [undefined, 'ContainerCreating', 'PodInitializing'].includes(reason)
  const pod = mounting ? 'is not mounted' : 'is there, but its pod does not run'
  const warnings = events.filter(({ type }) => type === 'Warning')
  const words = (warnings.length > 0 ? warnings : events).map(({ reason, message }) => `${reason}: ${message}`)
  const why = hindered ?? ([...new Set(words)].slice(-3).join('; ') || 'nobody says why')
  return failure(cluster, probe, volume === undefined ? 'is not made' : pod, why)
}

/** The smallest that clouds make; it holds half a megabyte. */
const claimOf = ({ namespace, storageClass }: VolumeProbe): V1PersistentVolumeClaim => ({
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name, labels } },
  spec: {
    ...{ storageClassName: storageClass, accessModes: ['ReadWriteOnce'] },
    resources: { requests: { storage: '1Gi' } },
  },
})

async function boundTo(cluster: Cluster, namespace: string): Promise<string | undefined> {
  const { status, spec } = await cluster.request('read the claim of a volume', () =>
    cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name }),
  )
  return status?.phase === 'Bound' ? spec?.volumeName : undefined
}

/** Sees to it that a volume goes with its claim, whatever its class says; false where that may not be changed. */
async function goesWithClaim(cluster: Cluster, volume: string): Promise<boolean> {
  const found = await cluster.core.readPersistentVolume({ name: volume }).catch(() => undefined)
  if (found?.spec?.persistentVolumeReclaimPolicy !== 'Retain') return true
  const patch = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } },
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
  }
  return await cluster.objects
    .patch(patch, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch)
    .then(
      () => true,
      () => false,
    )
}

/** Undefined where a message is not what the program leaves. */
function factsIn(message = ''): VolumeFacts | undefined {
  try {
    const facts: VolumeFacts = JSON.parse(message)
    return [facts.p50, facts.p99, facts.writes].every(Number.isFinite) ? facts : undefined
  } catch {
    return undefined
  }
}

const failure = ({ flags }: Cluster, { storageClass }: VolumeProbe, what: string, why: string): SealiftError =>
  new SealiftError('CLUSTER_VOLUME', `a volume of the storage class ${storageClass} ${what}`, {
    why,
    fix: `look at what makes its volumes, or name another one as storageClass in the answers: kubectl${flags} describe storageclass ${storageClass}; kubectl${flags} get pods --all-namespaces | grep -i -e csi -e provisioner`,
  })
