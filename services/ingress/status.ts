import {
  type KubeConfig,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1IngressLoadBalancerIngress,
} from '@kubernetes/client-node'
import type { Objects } from './compile.ts'
import type { Log } from './nginx.ts'

/**
 * Copies the addresses of the controller's own Service into the status of each Ingress, where people and tools look
 * for them. Every replica may do it: they write the same.
 */
export function createStatusWriter(
  kubeConfig: KubeConfig,
  serviceName: string,
  log: Log,
): (objects: Objects) => Promise<void> {
  const api = kubeConfig.makeApiClient(NetworkingV1Api)
  return async ({ services, ingresses }) => {
    const service = services.find(({ metadata }) => metadata?.name === serviceName)
    const addresses = addressesOf(service?.status?.loadBalancer?.ingress, service?.spec?.externalIPs)
    if (addresses.length === 0) return
    for (const ingress of ingresses) {
      const current = addressesOf(ingress.status?.loadBalancer?.ingress)
      const { namespace = '', name = '' } = ingress.metadata ?? {}
      if (JSON.stringify(current) === JSON.stringify(addresses)) continue
      const body = { status: { loadBalancer: { ingress: addresses } } }
      await api
        .patchNamespacedIngressStatus(
          { namespace, name, body },
          setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
        )
        .catch((error: Error) => log.warn({ namespace, name, error: error.message }, 'status not written'))
    }
  }
}

function addressesOf(
  balancer: readonly V1IngressLoadBalancerIngress[] | undefined,
  external: readonly string[] = [],
): { ip?: string; hostname?: string }[] {
  const found = (balancer ?? []).map(({ ip, hostname }) => (ip ? { ip } : { hostname: hostname ?? '' }))
  return found.length > 0 ? found : external.map((ip) => ({ ip }))
}
