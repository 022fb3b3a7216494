import { setTimeout } from 'node:timers/promises'
import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { statusOf } from './failure.ts'

export interface PullProbe {
  namespace: string
  node: string
  /** by digest */
  image: string
  /** name of a pull secret in the namespace */
  pullSecret?: string | undefined
  /** milliseconds */
  timeout: number
}

/** Reasons that a container can only have once its image is on the node: pulling comes first in the kubelet. */
const afterPull = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

/**
 * Lets a node pull an image, by a pod that is there for nothing else. Returns the milliseconds it took.
 * @throws SealiftError CLUSTER_NODE_PULL with the kubelet's own words
 */
export async function probePull(cluster: Cluster, probe: PullProbe): Promise<number> {
  const { namespace, node } = probe
  const started = Date.now()
  const name = `sealift-pull-${node.replace(/[^a-z0-9-]/g, '-').slice(0, 40)}-${started.toString(36)}`
  await createPod(cluster, probePod(name, probe))
  try {
    for (;;) {
      const pod = await cluster.request(`read pod ${namespace}/${name}`, () =>
        cluster.core.readNamespacedPod({ namespace, name }),
      )
      const status = pod.status?.containerStatuses?.[0]
      const waiting = status?.state?.waiting
      if (status?.state?.running || status?.state?.terminated || afterPull.has(waiting?.reason ?? ''))
        return Date.now() - started
      const refused = waiting?.reason === 'ImagePullBackOff' || waiting?.reason === 'InvalidImageName'
      if (refused || pod.status?.phase === 'Failed') throw pullFailure(probe, waiting?.message ?? pod.status?.message)
      if (Date.now() - started > probe.timeout)
        throw pullFailure(probe, waiting?.message ?? `nothing happened for ${Math.round(probe.timeout / 1000)} s`)
      await setTimeout(500, undefined, { signal: cluster.signal })
    }
  } catch (error) {
    throw cluster.signal.aborted ? cluster.signal.reason : error
  } finally {
    // also after an abort, when the cluster's own clients no longer work, the namespace's owner removes what is left
    await cluster.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(() => {})
  }
}

function pullFailure({ node, image }: PullProbe, message = 'the kubelet does not say why'): SealiftError {
  const registry = image.split('/', 1)[0]
  return new SealiftError('CLUSTER_NODE_PULL', `node ${node} cannot pull ${image}`, {
    why: message,
    fix: /x509/.test(message)
      ? `give the node the registry's CA: /etc/containerd/certs.d/${registry}/hosts.toml with ca = "FILE"`
      : `let the node reach ${registry}, then try on the node: crictl pull ${image}`,
  })
}

/** Nodes that the platform's pods can run on: ready, not cordoned, not tainted. */
export function usableNodes(nodes: readonly V1Node[]): V1Node[] {
  return nodes.filter(
    (node) =>
      !node.spec?.unschedulable &&
      !node.spec?.taints?.some((taint) => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  )
}

/** Fits the "restricted" Pod Security Standard, so that no admission policy turns it away. */
const probePod = (name: string, { namespace, node, image, pullSecret }: PullProbe): V1Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'sealift' } },
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
        name: 'pull',
        image,
        imagePullPolicy: 'Always',
        command: ['/bin/true'],
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
})

/** A new namespace refuses pods with 403 until its default service account is there. */
async function createPod(cluster: Cluster, pod: V1Pod): Promise<void> {
  const namespace = pod.metadata?.namespace as string
  for (let i = 0; ; i++)
    try {
      await cluster.core.createNamespacedPod({ namespace, body: pod })
      return
    } catch (error) {
      const early = statusOf(error) === 403 && /serviceaccount/.test(JSON.stringify((error as { body?: unknown }).body))
      if (!early || i === 20)
        await cluster.request(`create pod ${namespace}/${pod.metadata?.name}`, () => Promise.reject(error))
      await setTimeout(500, undefined, { signal: cluster.signal })
    }
}
