import type { V1EndpointSlice, V1Ingress, V1IngressBackend, V1Secret, V1Service } from '@kubernetes/client-node'
import { createBackends } from './backends.ts'
import type { Certificate } from './certificate.ts'
import { isHost } from './host.ts'
import { bySeniority } from './ingress-class.ts'
import type { Model, Refused, Route, Server, Stream } from './model.ts'
import { normalPrefix, pathFault } from './path.ts'
import { printable } from './printable.ts'
import type { TcpService } from './tcp.ts'
import { createTlsLookup } from './tls.ts'

/** The objects of one moment. Ingresses are those of our class only. */
export interface Objects {
  ingresses: readonly V1Ingress[]
  services: readonly V1Service[]
  slices: readonly V1EndpointSlice[]
  secrets: readonly V1Secret[]
  /** in the namespace `tcpNamespace` */
  tcp?: readonly TcpService[]
  tcpNamespace?: string
}

export interface Compiled {
  model: Model
  certificates: Certificate[]
  refused: Refused[]
}

/** Most routes of one Ingress. */
const mostRoutes = 1000

/**
 * Turns objects into a model. Total: whatever is in an object, the outcome is a valid model without the parts that
 * can't be served, and a reason for each of those.
 */
export function compile(objects: Objects): Compiled {
  const backends = createBackends(objects.services, objects.slices)
  const lookup = createTlsLookup(objects.secrets)
  const servers = new Map<string, Server>()
  const refused: Refused[] = []

  for (const ingress of [...objects.ingresses].sort(bySeniority)) {
    const { namespace = '', name = '' } = ingress.metadata ?? {}
    const refuse = (reason: string) => refused.push({ kind: 'Ingress', namespace, name, reason })
    const { wanted, faults } = routesOf(ingress)
    for (const fault of faults) refuse(fault)
    for (const host of new Set(wanted.map((each) => each.host))) {
      const server = servers.get(host) ?? { host, routes: [], tls: undefined }
      servers.set(host, server)
      if (!server.tls?.file) {
        const { tls, fault } = lookup.find(ingress, host)
        server.tls = tls ?? server.tls
        if (fault) refuse(fault)
      }
    }
    for (const { host, path, match, backend, fallback } of wanted) {
      const routes = servers.get(host)?.routes ?? []
      if (routes.some((each) => each.path === path && each.match === match)) {
        if (!fallback) refuse(`the path is already taken: ${printable(host + path)}`)
        continue
      }
      try {
        routes.push({ path, match, upstream: backends.resolve(namespace, backend) })
      } catch (error) {
        refuse((error as Error).message)
      }
    }
  }
  const streams: Stream[] = []
  const streamBackends = createBackends(objects.services, objects.slices)
  for (const { listen, service, port, proxyProtocol } of objects.tcp ?? []) {
    const namespace = objects.tcpNamespace ?? ''
    try {
      const name = streamBackends.resolve(namespace, { service: { name: service, port: { number: port } } })
      const upstream = streamBackends.upstreams().find((each) => each.name === name)
      if (upstream) streams.push({ listen, upstream, proxyProtocol })
    } catch (error) {
      refused.push({ kind: 'Service', namespace, name: service, reason: (error as Error).message })
    }
  }
  return {
    model: {
      streams,
      servers: [...servers.values()].sort((a, b) => (a.host < b.host ? -1 : 1)),
      upstreams: backends.upstreams(),
    },
    certificates: lookup.certificates(),
    refused,
  }
}

interface Wanted {
  host: string
  path: string
  match: Route['match']
  backend: V1IngressBackend
  /** comes from spec.defaultBackend and gives way to a rule without a complaint */
  fallback: boolean
}

/** What one Ingress asks for, as far as its hosts and paths can be served. */
function routesOf({ spec }: V1Ingress): { wanted: Wanted[]; faults: string[] } {
  const wanted: Wanted[] = []
  const faults: string[] = []
  const hosts = new Set<string>()
  for (const { host = '', http } of spec?.rules ?? []) {
    if (!isHost(host)) {
      faults.push(`the host is malformed: ${printable(host)}`)
      continue
    }
    hosts.add(host)
    for (const { path = '/', pathType, backend } of http?.paths ?? []) {
      const fault = pathFault(path)
      if (fault) {
        faults.push(`${fault}: ${printable(path)}`)
        continue
      }
      const match = pathType === 'Exact' ? 'exact' : 'prefix'
      wanted.push({ host, path: match === 'exact' ? path : normalPrefix(path), match, backend, fallback: false })
    }
  }
  if (spec?.defaultBackend) {
    for (const host of hosts.size > 0 || spec.rules?.length ? hosts : ['']) {
      wanted.push({ host, path: '/', match: 'prefix', backend: spec.defaultBackend, fallback: true })
    }
  }
  if (wanted.length > mostRoutes) faults.push(`only the first ${mostRoutes} paths are served`)
  return { wanted: wanted.slice(0, mostRoutes), faults }
}
