import { type Lookout, text } from './look.ts'

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

/** The cluster that the kubeconfig leads to: which contexts there are, what answers, and what is there already. */
export const clusterLookout: Lookout = {
  reads: ['/kubeconfig', '/context', '/namespace'],
  async run({ draft, signal, fact, choices }) {
    const { connectCluster, contextsOf } = await import('../../cluster/connection.ts')
    const { installedVersion } = await import('../../install/installed-version.ts')
    const { usableNodes } = await import('../../cluster/node-pull.ts')
    const address = { kubeconfig: text(draft, '/kubeconfig'), context: text(draft, '/context') }
    const contexts = contextsOf(address)
    choices('/context', contexts.all)
    fact('Context', address.context ?? contexts.current ?? 'none')
    const cluster = connectCluster(address, signal)
    fact('Server', cluster.server)
    const { gitVersion } = await cluster.request('ask for the version', () => cluster.version.getCode())
    fact('Kubernetes', gitVersion)
    const [nodes, classes] = await Promise.all([
      cluster.request('list nodes', () => cluster.core.listNode({ limit: 1000 })),
      cluster.request('list storage classes', () => cluster.storage.listStorageClass()),
    ])
    const usable = usableNodes(nodes.items)
    const cordoned = nodes.items.length - usable.length
    fact(
      'Nodes',
      `${usable.length} ready${cordoned > 0 ? `, ${cordoned} not ready or kept free` : ''}`,
      usable.length === 0,
    )
    const names = classes.items.map(({ metadata }) => metadata?.name ?? '')
    const usual = classes.items.find(({ metadata }) => metadata?.annotations?.[defaultClass] === 'true')?.metadata?.name
    choices('/storageClass', names)
    fact(
      'Storage classes',
      names.map((name) => (name === usual ? `${name} (default)` : name)).join(', ') || 'none',
      names.length === 0,
    )
    const namespace = text(draft, '/namespace') ?? 'cde'
    const installed = await installedVersion(cluster, namespace)
    fact(
      `In namespace ${namespace}`,
      installed === undefined ? 'nothing of Sealift yet' : `version ${installed} is installed`,
    )
  },
}
