import type { Cluster } from '../cluster/connection.ts'

/** Where browsers reach the ingress. */
export interface IngressAddress {
  address: string
  port: number
}

/**
 * The address of the platform's ingress: its load balancer's, or the port of a node that runs it; for a ClusterIP, or where the cluster's
 * own ingress is used, the host name itself, which the site then publishes. Undefined while there is none.
 * @throws SealiftError CLUSTER_*
 */
export async function ingressAddress(
  cluster: Cluster,
  { namespace, host }: { namespace: string; host: string },
): Promise<IngressAddress | undefined> {
  const service = await cluster.find('read the ingress service', () =>
    cluster.core.readNamespacedService({ namespace, name: 'cde-ingress' }),
  )
  const port = service?.spec?.ports?.find((candidate) => candidate.name === 'https')
  if (service?.spec?.type === 'LoadBalancer') {
    const { ip, hostname } = service.status?.loadBalancer?.ingress?.[0] ?? {}
    const address = ip ?? hostname
    return address === undefined ? undefined : { address, port: port?.port ?? 443 }
  }
  if (service?.spec?.type === 'NodePort' && port?.nodePort !== undefined) {
    // a node without a pod of the ingress may take no connections (externalTrafficPolicy: Local)
    const labelSelector = Object.entries(service.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`)
    const { items } = await cluster.request('list the pods of the ingress', () =>
      cluster.core.listNamespacedPod({ namespace, labelSelector: labelSelector.join(',') }),
    )
    const address = items.find(({ status }) => status?.phase === 'Running')?.status?.hostIP
    return address === undefined ? undefined : { address, port: port.nodePort }
  }
  return { address: host, port: 443 }
}
