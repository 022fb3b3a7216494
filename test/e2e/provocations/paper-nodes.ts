import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckSite } from './check-site.ts'

/** what a node reports of itself; no kubelet is behind it */
const sound = {
  capacity: { cpu: '4', memory: '8Gi', pods: '110' },
  allocatable: { cpu: '100m', memory: '128Mi', pods: '110' },
  conditions: [{ type: 'Ready', status: 'True' }],
}
const system = {
  ...{ operatingSystem: 'linux', architecture: 'amd64', osImage: 'Paper', kubeletVersion: 'v1.34.4' },
  ...{ kernelVersion: '6.1.0', containerRuntimeVersion: 'containerd://1.7.2', kubeProxyVersion: '' },
  ...{ machineID: 'a', systemUUID: 'b', bootID: 'c' },
}
const paper = (name: string, status: object, info: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name } },
  status: { ...sound, nodeInfo: { ...system, ...info }, ...status },
})

/**
 * Nodes that exist on paper only: an old small one, one of another architecture, one that is ill. The control plane finds out
 * after 50 seconds that nobody is there (kube-controller-manager, --node-monitor-grace-period).
 */
export async function paperNodes(site: CheckSite, undo: AsyncDisposableStack): Promise<void> {
  const ill = [
    { type: 'Ready', status: 'False' },
    { type: 'MemoryPressure', status: 'True' },
    { type: 'DiskPressure', status: 'True' },
  ]
  await site.put(
    undo,
    paper(
      'paper-old',
      {
        capacity: { cpu: '1', memory: '1Gi', pods: '110' },
        addresses: [{ type: 'InternalIP', address: '10.96.0.77' }],
      },
      {
        ...{ kernelVersion: '3.10.0-1160.el7.x86_64', containerRuntimeVersion: 'docker://19.3.1' },
        kubeletVersion: 'v1.19.16',
      },
    ),
    paper('paper-arm', {}, { architecture: 'arm64' }),
    paper('paper-ill', { conditions: ill }),
    {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
      metadata: { namespace: 'kube-node-lease', name: 'paper-old' },
      spec: {
        holderIdentity: 'paper-old',
        renewTime: new Date(Date.now() + 120_000).toISOString().replace('Z', '000Z'),
      },
    },
  )
  // a new node is tainted until the control plane has seen that it is ready
  const taints = () => site.kubectl('get', 'nodes', 'paper-old', 'paper-arm', '-o=jsonpath={.items[*].spec.taints}')
  for (const end = Date.now() + 20_000; (await taints()) !== ''; await sleep(100))
    if (Date.now() > end) throw new Error(`the nodes are still tainted: ${await taints()}`)
}
