import { randomUUID } from 'node:crypto'
import type { V1Node } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { hindrance, type ProbePod, startProbePod, watchProbePod } from './probe-pod.ts'

export interface PullProbe extends Pick<ProbePod, 'namespace' | 'image' | 'pullSecret'> {
  node: string
  /** milliseconds */
  timeout: number
}

/**
 * Lets a node pull an image, by a pod that is there for nothing else. Returns the milliseconds it took.
 * @throws SealiftError CLUSTER_NODE_PULL with the kubelet's own words; CLUSTER_POD where it takes no pod at all
 */
export async function probePull(cluster: Cluster, probe: PullProbe): Promise<number> {
  const { namespace, node, image, pullSecret } = probe
  const started = Date.now()
  // several images are pulled at once
  const name = `sealift-pull-${node.replace(/[^a-z0-9-]/g, '-').slice(0, 40)}-${randomUUID().slice(0, 8)}`
  await startProbePod(cluster, { namespace, name, node, image, pullSecret, command: ['/bin/true'] })
  try {
    return await watchProbePod(cluster, { namespace, name }, (pod, ms) => {
      const { running, terminated, waiting } = pod.status?.containerStatuses?.[0]?.state ?? {}
      const hindered = hindrance(pod)
      // pulling comes first in the kubelet: what is not started has its image
      if (running || terminated || hindered?.kind === 'start' || waiting?.reason === 'CrashLoopBackOff')
        return Date.now() - started
      if (hindered?.kind === 'image') throw pullFailure(probe, hindered.message)
      if (hindered) throw refused(cluster, probe, hindered.message)
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

function pullFailure({ node, image }: PullProbe, message: string): SealiftError {
  const registry = image.split('/', 1)[0]
  return new SealiftError('CLUSTER_NODE_PULL', `node ${node} cannot pull ${image}`, {
    why: message,
    fix: /x509/.test(message)
      ? `give the node the registry's CA: /etc/containerd/certs.d/${registry}/hosts.toml with ca = "FILE"`
      : `let the node reach ${registry}, then try on the node: crictl pull ${image}`,
  })
}

const refused = ({ flags }: Cluster, { node }: PullProbe, why: string): SealiftError =>
  new SealiftError('CLUSTER_POD', `node ${node} takes no pod that would pull an image`, {
    why,
    fix: `see what runs there, and what it has room for: kubectl${flags} describe node ${node}`,
  })

/** Nodes that the platform's pods can run on: ready, not cordoned, not tainted. */
export function usableNodes(nodes: readonly V1Node[]): V1Node[] {
  return nodes.filter(
    (node) =>
      !node.spec?.unschedulable &&
      !node.spec?.taints?.some((taint) => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  )
}
