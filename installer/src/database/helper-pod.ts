import { setTimeout } from 'node:timers/promises'
import type { KubernetesObject, V1EnvVar, V1NetworkPolicyEgressRule, V1Pod, V1PodSpec } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply, labels } from '../cluster/apply.ts'
import { type Cluster, connectCluster } from '../cluster/connection.ts'
import { execInPod } from '../cluster/exec.ts'
import { hindrance } from '../cluster/probe-pod.ts'

/** A pod that programs of PostgreSQL are run in, for as long as whoever started it is connected. */
export interface HelperPod {
  namespace: string
  name: string
  /** with PostgreSQL's programs and bash; by digest */
  image: string
  /** what process 1 does (bash): it goes on until it is told to end */
  script: string
  env?: V1EnvVar[]
  /** where it may run, how its image is had, what is mounted: beside what every such pod has */
  spec?: Pick<V1PodSpec, 'imagePullSecrets' | 'nodeSelector' | 'tolerations' | 'volumes'>
  mounts?: { name: string; mountPath: string }[]
  limits: { cpu: string; memory: string; 'ephemeral-storage'?: string }
  /** where it may go; nowhere by default */
  egress?: V1NetworkPolicyEgressRule[]
}

export const helperContainer = 'postgres'
/** user and group of the platform's images */
const user = 10001

/** seconds after which the cluster ends such a pod, whatever became of everybody */
const longest = 12 * 3600
/** seconds that a pod waits for its first connection, and milliseconds that one of an earlier run has to end by itself */
const unattended = 15
const patience = 20_000
/** milliseconds until it runs */
const startTime = 180_000
/** milliseconds for the last requests, when all others have been given up */
const farewell = 15_000

/**
 * Starts such a pod and waits until it runs. It ends with the connection that this keeps open, so that none outlives a machine
 * that is switched off; what an earlier run left is removed first.
 * @throws SealiftError CLUSTER_POD_BUSY where another run uses it, CLUSTER_POD, CLUSTER_*
 */
export async function startHelperPod(cluster: Cluster, pod: HelperPod): Promise<{ close(): Promise<void> }> {
  const { namespace, name } = pod
  await removeLeft(cluster, pod)
  await apply(cluster, policyOf(pod) as KubernetesObject)
  let kept: Promise<unknown> = Promise.resolve()
  const end = new AbortController()
  const close = async () => {
    end.abort(new Error('it is no longer needed'))
    await kept
    const last = connectCluster(cluster.address, AbortSignal.timeout(farewell))
    await last.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(() => {})
    await last.raw('DELETE', policyPath(pod)).catch(() => {})
  }
  try {
    await cluster.request(`create pod ${namespace}/${name}`, () =>
      cluster.core.createNamespacedPod({ namespace, body: podOf(pod) }),
    )
    await started(cluster, pod)
    const command = ['bash', '-c', ': >/tmp/attended; cat >/dev/null; kill 1']
    const signal = AbortSignal.any([end.signal, cluster.signal])
    kept = execInPod(cluster, {
      namespace,
      pod: name,
      container: helperContainer,
      command,
      stdin: open(signal),
      signal,
    })
    kept = kept.catch(() => {})
    return { close }
  } catch (error) {
    await close()
    throw error
  }
}

/** An input that stays open until a signal. */
async function* open(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield new Uint8Array()
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
}

/** Removes a pod that has ended, or that nobody attends to; one that runs is somebody's. */
async function removeLeft(cluster: Cluster, { namespace, name }: HelperPod): Promise<void> {
  const read = () => cluster.core.readNamespacedPod({ namespace, name })
  for (let waited = 0; ; waited += 500) {
    const found = await cluster.find(`read pod ${namespace}/${name}`, read)
    if (!found) return
    const phase = found.status?.phase
    const age = Date.now() - Number(found.metadata?.creationTimestamp ?? 0)
    if (phase === 'Succeeded' || phase === 'Failed' || (phase === 'Pending' && age > startTime)) {
      const remove = () => cluster.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })
      await cluster.find(`delete pod ${namespace}/${name}`, remove)
    } else if (waited >= patience)
      throw new SealiftError('CLUSTER_POD_BUSY', `pod ${namespace}/${name} is at work for somebody else`, {
        why: 'another backup, proof or restore runs, from this machine or another one',
        fix: `wait for it; if nobody is at work: kubectl${cluster.flags} --namespace ${namespace} delete pod ${name}`,
      })
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}

async function started(cluster: Cluster, { namespace, name }: HelperPod): Promise<void> {
  for (const begun = Date.now(); ; ) {
    const pod = await cluster.request(`read pod ${namespace}/${name}`, () =>
      cluster.core.readNamespacedPod({ namespace, name }),
    )
    const { phase, containerStatuses } = pod.status ?? {}
    if (phase === 'Running' && containerStatuses?.[0]?.state?.running) return
    const why =
      hindrance(pod)?.message ?? (phase === 'Succeeded' || phase === 'Failed' ? 'it ended at once' : undefined)
    if (why !== undefined || Date.now() - begun > startTime)
      throw new SealiftError('CLUSTER_POD', `pod ${name} does not run`, {
        why: why ?? pod.status?.conditions?.find(({ status }) => status === 'False')?.message ?? 'nobody says why',
        fix: `kubectl${cluster.flags} --namespace ${namespace} get events --sort-by=.lastTimestamp`,
      })
    await setTimeout(300, undefined, { signal: cluster.signal })
  }
}

const attended = `trap 'exit 0' TERM
{ sleep ${unattended}; [ -e /tmp/attended ] || kill 1; } &
`

/** Fits the "restricted" Pod Security Standard. */
const podOf = ({ namespace, name, image, script, env = [], spec = {}, mounts = [], limits }: HelperPod): V1Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { namespace, name, labels: podLabels(name) },
  spec: {
    ...spec,
    ...{ restartPolicy: 'Never', activeDeadlineSeconds: longest, terminationGracePeriodSeconds: 1 },
    ...{ automountServiceAccountToken: false, enableServiceLinks: false },
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: [{ name: 'tmp', emptyDir: {} }, ...(spec.volumes ?? [])],
    containers: [
      {
        ...{
          name: helperContainer,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', '-c', attended + script],
        },
        env,
        resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { ...limits } },
        securityContext: {
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...mounts],
      },
    ],
  },
})

const podLabels = (name: string) => ({ ...labels, 'app.kubernetes.io/component': name })

const policyPath = ({ namespace, name }: HelperPod): string =>
  `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${name}`

const policyOf = ({ namespace, name, egress = [] }: HelperPod) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name, labels } },
  spec: {
    podSelector: { matchLabels: podLabels(name) },
    policyTypes: ['Ingress', 'Egress'],
    egress,
  },
})
