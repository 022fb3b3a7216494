import { isIP } from 'node:net'
import type { V1EndpointSlice, V1IngressServiceBackend, V1Service } from '@kubernetes/client-node'

/** Most pods of one service that are put into the configuration. */
const most = 1000

/** The port of a Service that a backend names by name or number. */
export function servicePort(service: V1Service, port: V1IngressServiceBackend['port']) {
  const ports = service.spec?.ports ?? []
  return ports.find((each) => (port?.name ? each.name === port.name : each.port === port?.number))
}

/**
 * `address:port` of the pods behind one port of a Service, sorted. Ready pods only; when there is none, those that
 * still serve while they terminate, as kube-proxy does it (discovery.k8s.io/v1, EndpointConditions). Absent
 * conditions count as true.
 */
export function endpointsOf(slices: readonly V1EndpointSlice[], portName: string | undefined): string[] {
  const ready = new Set<string>()
  const leaving = new Set<string>()
  for (const slice of slices) {
    const port = slice.ports?.find((each) => (each.name ?? '') === (portName ?? ''))?.port
    if (!port || (slice.addressType !== 'IPv4' && slice.addressType !== 'IPv6')) continue
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      const address = addresses[0] ?? ''
      const family = isIP(address)
      // A scope id (fe80::1%eth0) passes isIP but has no place here.
      if (family === 0 || address.includes('%')) continue
      const endpoint = family === 6 ? `[${address}]:${port}` : `${address}:${port}`
      if (conditions?.ready !== false) ready.add(endpoint)
      else if (conditions?.serving === true && conditions?.terminating === true) leaving.add(endpoint)
    }
  }
  return [...(ready.size > 0 ? ready : leaving)].sort().slice(0, most)
}
