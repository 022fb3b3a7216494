import type { V1EndpointSlice, V1IngressBackend, V1Service } from '@kubernetes/client-node'
import { endpointsOf, servicePort } from './endpoints.ts'
import { keyOf } from './key.ts'
import type { Upstream } from './model.ts'
import { printable } from './printable.ts'

/** Resolves the backends of Ingresses; collects each upstream once, whoever names it. */
export interface Backends {
  /** Name of the upstream for a backend. Throws an Error that says why there is none. */
  resolve(namespace: string, backend: V1IngressBackend): string
  upstreams(): Upstream[]
}

export function createBackends(services: readonly V1Service[], slices: readonly V1EndpointSlice[]): Backends {
  const byKey = new Map(services.map((service) => [keyOf(service), service]))
  const slicesOf = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`,
  )
  const upstreams = new Map<string, Upstream>()
  return {
    resolve(namespace, { service: wanted }) {
      if (!wanted) throw new Error('a backend is not a Service')
      const key = `${namespace}/${wanted.name}`
      const service = byKey.get(key)
      if (!service) throw new Error(`the Service ${printable(wanted.name)} does not exist`)
      if (service.spec?.type === 'ExternalName') throw new Error('a Service of type ExternalName is not served')
      const port = servicePort(service, wanted.port)
      if (!port) throw new Error(`the Service ${printable(wanted.name)} has no such port`)
      const name = `${namespace}_${wanted.name}_${port.port}`
      // Names of existing objects are DNS labels; this guards the configuration should that ever change.
      if (!/^[a-z0-9._-]{1,400}$/.test(name)) throw new Error('the name of a Service is malformed')
      if (!upstreams.has(name)) {
        upstreams.set(name, { name, endpoints: endpointsOf(slicesOf.get(key) ?? [], port.name) })
      }
      return name
    },
    upstreams: () => [...upstreams.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
