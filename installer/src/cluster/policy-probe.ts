import type { KubernetesObject, V1NetworkPolicy, V1NetworkPolicySpec, V1Pod } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply } from './apply.ts'
import type { Cluster } from './connection.ts'
import { helloClient, helloServer, otherwise, type Wanted } from './hello-programs.ts'
import { hindrance, type ProbePod, startProbePod, watchProbePod } from './probe-pod.ts'

export interface PolicyProbe extends Pick<ProbePod, 'namespace' | 'image' | 'pullSecret'> {
  /** nodes of the server and of its clients; two where there are two, since the way between them counts as well */
  nodes: { server: string; clients: string }
  /** milliseconds that pulling the image and starting a pod may take */
  timeout: number
  /** milliseconds that the network may take until it does what it was told */
  settle: number
}

/** Clients by what the policies say of them: may reach the server, may not come into it, may not go out to it. */
type Client = 'admitted' | 'stranger' | 'confined'

const role = 'sealift.dev/policy-probe'
const limits = { cpu: '500m', memory: '128Mi' }

/**
 * Proves that network policies hold: two pods reach a server; then policies cut one off on the way in, the other on the
 * way out, while a third one, which they admit, gets through. Without those who get through, a network that is broken
 * would look like one that obeys. Needs an image with Node.js and a namespace of its own.
 * @throws SealiftError CLUSTER_NETWORK_POLICY where they do not hold; CLUSTER_POLICY_PROBE where that cannot be tried
 */
export async function probePolicies(cluster: Cluster, probe: PolicyProbe): Promise<void> {
  const { namespace, nodes, settle } = probe
  const server = await startPod(cluster, probe, 'server', 'server', nodes.server, helloServer)
  const host = await addressOf(cluster, probe, server)
  /** Those of the clients for which it did not go as wanted. */
  const failures = async (round: string, wanted: Wanted, clients: Client[]): Promise<Client[]> => {
    const went = await Promise.all(
      clients.map(async (client) => {
        const command = helloClient(host, wanted, settle)
        const pod = await startPod(cluster, probe, `${client}-${round}`, client, nodes.clients, command)
        return await wentAsWanted(cluster, probe, pod)
      }),
    )
    return clients.filter((_, i) => !went[i])
  }

  const lost = await failures('before', 'through', ['stranger', 'confined'])
  if (lost.length > 0)
    throw untried(cluster, probe, 'pods do not reach one another in a namespace that has no policies')
  for (const object of policies(namespace)) await apply(cluster, object)
  const [through, shutOut] = await Promise.all([
    failures('after', 'cut off', ['stranger', 'confined']),
    failures('after', 'through', ['admitted']),
  ])
  if (through.length > 0) throw ignored(through)
  if (shutOut.length > 0) throw untried(cluster, probe, 'a pod does not reach the one that policies let it reach')
}

async function startPod(
  cluster: Cluster,
  { namespace, image, pullSecret }: PolicyProbe,
  name: string,
  as: 'server' | Client,
  node: string,
  command: readonly string[],
): Promise<ProbePod> {
  const pod = { namespace, name, node, image, pullSecret, command, labels: { [role]: as }, limits }
  await startProbePod(cluster, pod)
  return pod
}

/** The server admits the confined one too: what keeps that away is its own policy, and nothing else. */
function policies(namespace: string): KubernetesObject[] {
  const pods = (...values: ('server' | Client)[]) => ({ matchExpressions: [{ key: role, operator: 'In', values }] })
  const policy = (name: string, spec: V1NetworkPolicySpec): V1NetworkPolicy => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name } },
    spec,
  })
  // the client's name of the field `from`; it drops one that it does not know, and a rule without peers admits everybody
  const ingress = [{ _from: [{ podSelector: pods('admitted', 'confined') }] }]
  return [
    policy('server', { podSelector: pods('server'), policyTypes: ['Ingress'], ingress }),
    policy('confined', { podSelector: pods('confined'), policyTypes: ['Egress'], egress: [] }),
  ]
}

async function addressOf(cluster: Cluster, probe: PolicyProbe, server: ProbePod): Promise<string> {
  return await watchProbePod(cluster, server, (pod, ms) => {
    const { status } = pod
    const { running, terminated } = status?.containerStatuses?.[0]?.state ?? {}
    if (running && status?.podIP) return status.podIP
    if (terminated || hindrance(pod) || ms > probe.timeout) throw notRunning(cluster, probe, server, pod)
    return undefined
  })
}

async function wentAsWanted(cluster: Cluster, probe: PolicyProbe, client: ProbePod): Promise<boolean> {
  return await watchProbePod(cluster, client, (pod, ms) => {
    const code = pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode
    if (code === 0) return true
    if (code === otherwise) return false
    if (code !== undefined || hindrance(pod) || ms > probe.timeout + probe.settle)
      throw notRunning(cluster, probe, client, pod)
    return undefined
  })
}

function ignored(through: readonly Client[]): SealiftError {
  const ways = through.map((client) => (client === 'stranger' ? 'what comes into a pod' : 'where a pod may go'))
  return new SealiftError('CLUSTER_NETWORK_POLICY', 'the network of the cluster does not keep to network policies', {
    why: `policies for ${ways.join(' and ')} had no effect: workspaces would reach each other, the database and whatever else the network leads to`,
    fix: 'give the cluster a network that enforces them (Calico, Cilium, kube-router, …), or accept the risk knowingly: ignore: [network-policy] in the answers',
  })
}

function notRunning(cluster: Cluster, probe: PolicyProbe, { name }: ProbePod, pod: V1Pod) {
  const { waiting, terminated } = pod.status?.containerStatuses?.[0]?.state ?? {}
  const reason =
    hindrance(pod)?.message ?? waiting?.message ?? waiting?.reason ?? terminated?.message ?? terminated?.exitCode
  return untried(cluster, probe, `the pod ${name} does not run: ${reason ?? 'nobody says why'}`)
}

const untried = ({ flags }: Cluster, { namespace }: PolicyProbe, why: string): SealiftError =>
  new SealiftError('CLUSTER_POLICY_PROBE', 'whether the network keeps to network policies cannot be tried', {
    why,
    fix: `look for policies of the whole cluster and for events: kubectl${flags} get events --namespace ${namespace}; or install knowingly without: ignore: [network-policy] in the answers`,
  })
