import type { CoreV1Api, V1Service } from '@kubernetes/client-node'
import { apiPort } from './controlplane.ts'

/** Ports of the node that its own programs listen on; a Service there would take their traffic. */
const nodePorts = [apiPort, 10250, 10256]

export type Assignment = { service: V1Service; address: string | undefined; conflict?: string }

const nameOf = (service: V1Service) => `${service.metadata?.namespace}/${service.metadata?.name}`

/** client-node gives a Date in a list and, whatever its type says, text in a watch event. */
function ageOf(service: V1Service): string {
  return `${new Date(service.metadata?.creationTimestamp ?? 0).toISOString()} ${nameOf(service)}`
}

/**
 * Which Services of type LoadBalancer get the node's address. There is one address, so each port goes to the oldest
 * Service that asks for it; a later one stays pending, as at a site whose addresses are used up.
 */
export function assignAddresses(services: readonly V1Service[], nodeAddress: string): Assignment[] {
  const owners = new Map(nodePorts.map((port) => [`${port}/TCP`, 'the node']))
  const sorted = [...services].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  return sorted.map((service) => {
    const spec = service.spec
    const wanted = spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined
    if (!wanted || service.metadata?.deletionTimestamp !== undefined) return { service, address: undefined }
    const ports = (spec.ports ?? []).map((port) => `${port.port}/${port.protocol ?? 'TCP'}`)
    const taken = ports.find((port) => owners.has(port))
    if (taken !== undefined)
      return { service, address: undefined, conflict: `${nameOf(service)}: ${taken} belongs to ${owners.get(taken)}` }
    for (const port of ports) owners.set(port, nameOf(service))
    return { service, address: nodeAddress }
  })
}

/** Brings the status of all Services in line with `assignAddresses`. */
export async function reconcileServices(
  api: CoreV1Api,
  services: readonly V1Service[],
  nodeAddress: string,
): Promise<void> {
  for (const { service, address, conflict } of assignAddresses(services, nodeAddress)) {
    if (conflict !== undefined) console.log(conflict)
    const now = service.status?.loadBalancer?.ingress?.[0]?.ip
    if (now === address || service.metadata?.deletionTimestamp !== undefined) continue
    const ingress = address === undefined ? [] : [{ ip: address }]
    await api.patchNamespacedServiceStatus({
      name: service.metadata?.name ?? '',
      namespace: service.metadata?.namespace ?? '',
      body: [{ op: 'replace', path: '/status', value: { ...service.status, loadBalancer: { ingress } } }],
    })
    console.log(`${nameOf(service)}: ${address ?? 'no address any more'}`)
  }
}
