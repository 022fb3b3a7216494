import { quantity } from '../../../installer/src/cluster/quantity.ts'
import { probeImage } from '../../lab/lab.ts'
import { nodeName } from '../../lab/node.ts'
import { error, type Provocation, warning } from './provocation.ts'

const filler = 'fills-the-node'

/** The node has no room for one more pod. */
export const fullNode: Provocation = {
  name: 'full-node',
  tells: {
    capacity: warning('CLUSTER_CAPACITY', /pods would wait/),
    'node-pull': error('CLUSTER_POD', /node node takes no pod that would pull an image: .*[Cc]pu/),
    pods: error('CLUSTER_POD', /on node node a pod does not run to its end: .*[Cc]pu/),
    'network-policy': error('CLUSTER_POLICY_PROBE', /the pod server does not run: .*[Cc]pu/),
    'storage-class': error('CLUSTER_STORAGE', /no storage class none/),
  },
  async arrange(site, undo) {
    const { status } = JSON.parse(await site.kubectl('get', 'node', nodeName, '-o=json'))
    const { items } = JSON.parse(await site.kubectl('get', 'pods', '--all-namespaces', '-o=json'))
    const requests = (items as Pod[])
      .filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
      .flatMap(({ spec }) => spec.containers.map(({ resources }) => quantity(resources?.requests?.cpu)))
    const left = quantity(status.allocatable.cpu) - requests.reduce((sum, one) => sum + one, 0)
    // less than the pod of a check asks for stays free
    const cpu = `${Math.floor(left * 1000) - 5}m`
    await site.put(undo, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: filler } },
      spec: {
        ...{ nodeName, terminationGracePeriodSeconds: 0 },
        containers: [{ name: 'main', image: probeImage, args: ['serve', '8080'], resources: { requests: { cpu } } }],
      },
    })
    await site.kubectl('wait', `pod/${filler}`, '--namespace=default', '--for=condition=Ready', '--timeout=30s')
    // its volume would be waited for by the scheduler, for as long as it may take to add a node
    return { answers: { storageClass: 'none' } }
  },
}

interface Pod {
  spec: { containers: { resources?: { requests?: { cpu?: string } } }[] }
  status: { phase: string }
}
