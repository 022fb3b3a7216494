import { setTimeout } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import { statusOf } from './failure.ts'

/** A pod that tries something on one node, and is there for nothing else. */
export interface ProbePod {
  namespace: string
  name: string
  node: string
  /** by digest */
  image: string
  /** name of a pull secret in the namespace */
  pullSecret?: string | undefined
  command: readonly string[]
  /** beside that of who made it */
  labels?: Record<string, string>
  limits?: { cpu: string; memory: string }
}

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

/** Fits the "restricted" Pod Security Standard, so that no admission policy turns it away. */
const podOf = ({ name, namespace, node, image, pullSecret, command, labels, limits }: ProbePod): V1Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'sealift', ...labels } },
  spec: {
    nodeName: node,
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    enableServiceLinks: false,
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'probe',
        image,
        imagePullPolicy: 'Always',
        command: [...command],
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: limits ?? { cpu: '100m', memory: '32Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
})
