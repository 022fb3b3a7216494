import type { V1Node } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { type ProbePod, startProbePod, watchProbePod } from './probe-pod.ts'

export interface PullProbe extends Pick<ProbePod, 'namespace' | 'image' | 'pullSecret'> {
  node: string
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
  const { namespace, node, image, pullSecret } = probe
  const started = Date.now()
  const name = `sealift-pull-${node.replace(/[^a-z0-9-]/g, '-').slice(0, 40)}-${started.toString(36)}`
  await startProbePod(cluster, { namespace, name, node, image, pullSecret, command: ['/bin/true'] })
  try {
    return await watchProbePod(cluster, { namespace, name }, (pod, ms) => {
      const status = pod.status?.containerStatuses?.[0]
      const waiting = status?.state?.waiting
      if (status?.state?.running || status?.state?.terminated || afterPull.has(waiting?.reason ?? ''))
        return Date.now() - started
      const refused = waiting?.reason === 'ImagePullBackOff' || waiting?.reason === 'InvalidImageName'
      if (refused || pod.status?.phase === 'Failed') throw pullFailure(probe, waiting?.message ?? pod.status?.message)
      if (ms > probe.timeout)
        throw pullFailure(probe, waiting?.message ?? `nothing happened for ${Math.round(probe.timeout / 1000)} s`)
      return undefined
    })
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
