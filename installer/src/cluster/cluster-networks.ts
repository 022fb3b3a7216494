import { isIP } from 'node:net'
import type { V1Node } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import type { Network } from './networks.ts'

interface ServiceRange {
  spec?: { cidrs?: string[] }
}

export interface ClusterNetworks extends Record<'pods' | 'services' | 'nodes', Network[]> {
  /** whether the ranges of services are all of them: before Kubernetes 1.33 one address is known, that of the API */
  wholeServices: boolean
}

/** The networks of a cluster, as far as it tells them. @throws SealiftError CLUSTER_* */
export async function clusterNetworks(cluster: Cluster, nodes: readonly V1Node[]): Promise<ClusterNetworks> {
  const { core, find, raw } = cluster
  const ranges = await find('read the ranges of services', () =>
    raw<{ items: ServiceRange[] }>('GET', '/apis/networking.k8s.io/v1/servicecidrs'),
  ).catch(() => undefined)
  const known = (ranges?.items ?? []).flatMap(({ spec }) => spec?.cidrs ?? [])
  const api = await find('read the service of the API', () =>
    core.readNamespacedService({ namespace: 'default', name: 'kubernetes' }),
  )
  const services = known.length > 0 ? known : (api?.spec?.clusterIPs ?? [])
  return {
    wholeServices: known.length > 0,
    services: services.map((cidr) => ({ cidr, whose: 'services' })),
    pods: nodes.flatMap(({ spec }) => (spec?.podCIDRs ?? []).map((cidr) => ({ cidr, whose: 'pods' }))),
    nodes: nodes.flatMap(({ metadata, status }) =>
      (status?.addresses ?? [])
        .filter(({ address }) => isIP(address) !== 0)
        .map(({ address }) => ({ cidr: address, whose: `node ${metadata?.name}` })),
    ),
  }
}
