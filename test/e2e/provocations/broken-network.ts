import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { labState, recordedProcesses } from '../../lab/state.ts'
import { startDeafProxy } from './deaf-proxy.ts'
import { startNameServer } from './name-server.ts'
import { answerPods } from './pods-name-server.ts'
import { error, type Provocation, warning } from './provocation.ts'

const broken = 'broken'
/** a loopback address that nobody else listens at */
const before = '127.0.0.78'

/** Pods run, but names lead them elsewhere, nobody enforces policies, they do not know the registry's CA, their volume takes no writes, and a proxy stops WebSockets. */
export const brokenNetwork: Provocation = {
  name: 'broken-network',
  tells: {
    'pod-names': warning('CLUSTER_POD_NAMES', /a name that nobody gave, sealift-check-\w+, leads pods to 10\.99\./),
    'pod-registry': warning('CLUSTER_POD_REGISTRY', /on node do not trust it: .*certificate/),
    'pod-api': error('CLUSTER_POD_API', /on node do not reach kubernetes\.default\.svc:443: .*ECONNREFUSED/),
    volume: error('CLUSTER_VOLUME', /of the storage class broken cannot be used: EACCES/),
    websocket: error('CLUSTER_WEBSOCKET', /come through 127\.0\.0\.78, where DNS .*arrives without its upgrade/),
    'network-policy': error('CLUSTER_NETWORK_POLICY', /what comes into a pod and where a pod may go had no effect/),
  },
  async arrange(site, undo) {
    const { answers, lab } = site
    const state = labState(lab.name)
    const { bastionAddress } = site.site
    await answerPods(site, undo, () => bastionAddress)
    await startDeafProxy(undo, { host: answers.host, address: before, behind: lab.nodeAddress })
    undo.defer((await startNameServer((name) => (name === answers.host ? before : undefined), before, 53)).stop)

    const firewall = recordedProcesses(state).find(({ name }) => name === 'kube-router')?.pid as number
    undo.defer(() => void process.kill(firewall, 'SIGCONT'))
    process.kill(firewall, 'SIGSTOP')

    const path = join(state.directory, 'volumes', broken)
    await mkdir(path, { recursive: true })
    await chmod(path, 0o555)
    await site.put(
      undo,
      {
        ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: broken } },
        ...{ provisioner: 'example.com/nobody', allowVolumeExpansion: true },
      },
      {
        ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: broken } },
        spec: {
          ...{ storageClassName: broken, accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
          hostPath: { path, type: 'Directory' },
        },
      },
    )
    const { caFile = '', ...registry } = answers.registry
    // this machine trusts the CA by itself, as its nodes do
    return {
      answers: { registry, storageClass: broken },
      environment: { NODE_EXTRA_CA_CERTS: caFile },
      nameServer: before,
    }
  },
}
