import { setTimeout } from 'node:timers/promises'
import type { V1EnvVar, V1Pod, V1PodSpec } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import { statusOf } from './failure.ts'

/** A pod that tries something, and is there for nothing else. */
export interface ProbePod {
  namespace: string
  name: string
  /** without it the scheduler takes one of those that fit */
  node?: string
  /** those that fit: architectures of processors (`kubernetes.io/arch`); any by default */
  architectures?: readonly string[]
  /** by digest */
  image: string
  /** name of a pull secret in the namespace */
  pullSecret?: string | undefined
  command: readonly string[]
  /** beside that of who made it */
  labels?: Record<string, string>
  limits?: { cpu: string; memory: string }
  env?: readonly V1EnvVar[]
  /** in the network of its node, and with that one's name servers; what is restricted takes no such pod */
  hostNetwork?: boolean
  /** name of a claim in the namespace, whose volume is at `volumePath` */
  claim?: string
}

/** where the volume of a claim is mounted */
export const volumePath = '/volume'
const user = 65534

/** Starts a pod. A new namespace refuses pods with 403 until its default service account is there: that is waited for. */
export async function startProbePod(cluster: Cluster, probe: ProbePod): Promise<void> {
  const { namespace, name } = probe
  const body = podOf(probe)
  for (let i = 0; ; i++)
    try {
      await cluster.core.createNamespacedPod({ namespace, body })
      return
    } catch (error) {
      const early = statusOf(error) === 403 && /serviceaccount/.test(JSON.stringify((error as { body?: unknown }).body))
      if (!early || i === 20) await cluster.request(`create pod ${namespace}/${name}`, () => Promise.reject(error))
      await setTimeout(500, undefined, { signal: cluster.signal })
    }
}

/** Looks at a pod twice a second until `look` returns something. `ms` is how long that has been going on. */
export async function watchProbePod<T>(
  cluster: Cluster,
  { namespace, name }: Pick<ProbePod, 'namespace' | 'name'>,
  look: (pod: V1Pod, ms: number) => T | undefined,
): Promise<T> {
  const started = Date.now()
  for (;;) {
    const pod = await cluster.request(`read pod ${namespace}/${name}`, () =>
      cluster.core.readNamespacedPod({ namespace, name }),
    )
    const seen = look(pod, Date.now() - started)
    if (seen !== undefined) return seen
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}

/** not ErrImagePull: the first failure of a pull may be a hiccup */
const noImage = new Set(['ImagePullBackOff', 'InvalidImageName'])
const noStart = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/** What keeps a pod from running, and does not pass by itself. */
export interface Hindrance {
  /** its image is not had, its container does not start, or the kubelet did not take it in the first place */
  kind: 'image' | 'start' | 'refused'
  /** in the words of the kubelet */
  message: string
}

/** What keeps a pod from running; undefined where it runs, has ended, or may still come to it. */
export function hindrance({ status }: V1Pod): Hindrance | undefined {
  const { waiting } = status?.containerStatuses?.[0]?.state ?? {}
  const reason = waiting?.reason ?? ''
  const message = waiting?.message || reason
  if (noImage.has(reason)) return { kind: 'image', message }
  if (noStart.has(reason)) return { kind: 'start', message }
  const refused = status?.phase === 'Failed' && !status.containerStatuses?.[0]?.state?.terminated
  return refused ? { kind: 'refused', message: status?.message ?? status?.reason ?? 'it was refused' } : undefined
}

/** Fits the "restricted" Pod Security Standard, so that no admission policy turns it away. */
const podOf = ({
  name,
  namespace,
  image,
  pullSecret,
  command,
  labels,
  limits,
  env,
  claim,
  ...where
}: ProbePod): V1Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'sealift', ...labels } },
  spec: {
    ...placed(where),
    ...(where.hostNetwork ? { hostNetwork: true, dnsPolicy: 'Default' } : {}),
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    enableServiceLinks: false,
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: user, seccompProfile: { type: 'RuntimeDefault' } },
      ...(claim === undefined ? {} : { fsGroup: user }),
    },
    ...(claim === undefined ? {} : { volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim } }] }),
    containers: [
      {
        name: 'probe',
        image,
        imagePullPolicy: 'Always',
        command: [...command],
        ...(env === undefined ? {} : { env: [...env] }),
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: limits ?? { cpu: '100m', memory: '32Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        ...(claim === undefined ? {} : { volumeMounts: [{ name: 'volume', mountPath: volumePath }] }),
      },
    ],
  },
})

function placed({ node, architectures }: Pick<ProbePod, 'node' | 'architectures'>): Partial<V1PodSpec> {
  if (node !== undefined) return { nodeName: node }
  if (architectures === undefined) return {}
  const fitting = { key: 'kubernetes.io/arch', operator: 'In', values: [...architectures] }
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchExpressions: [fitting] }] }
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } }
}
