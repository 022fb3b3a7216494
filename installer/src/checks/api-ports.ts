import type { V1EndpointSlice, V1NetworkPolicy } from '@kubernetes/client-node'
import type { InstallContext } from '../install/context.ts'
import type { Check } from './check.ts'

export const apiPorts: Check = {
  id: 'api-ports',
  title: 'Policies let the manager go to the port where the API server listens',
  protects: 'rollout',
  why: 'A network that keeps to policies looks at the port behind the service kubernetes.default: the manager would be cut off from the API.',
  level: 'warning',
  after: ['api'],
  async run(context) {
    const { raw, find, flags } = context.cluster()
    const allowed = await managerPorts(context)
    if (allowed.length === 0) return { state: 'skipped', found: 'the chart has no policy for the manager' }
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    const query = { labelSelector: 'kubernetes.io/service-name=kubernetes' }
    const slices = await find('ask where the API server listens', () =>
      raw<{ items: V1EndpointSlice[] }>('GET', path, { query }),
    )
    const ports = (slices?.items ?? []).flatMap(({ ports }) => (ports ?? []).flatMap(({ port }) => port ?? []))
    if (ports.length === 0) return { state: 'skipped', found: 'the cluster does not tell where its API server listens' }
    const missing = ports.filter((port) => !allowed.includes(port))
    if (missing.length === 0) return { state: 'passed', found: `port ${[...new Set(ports)].join(', ')}` }
    return {
      state: 'failed',
      code: 'CLUSTER_POD_API',
      found: `the API server listens at port ${[...new Set(missing)].join(', ')}; policies let the manager go to ${allowed.join(', ')}`,
      needed: 'its port among networkPolicies.kubernetesAPI.ports of the chart',
      fix: `in the answers: values: { networkPolicies: { kubernetesAPI: { ports: [${[...new Set([443, ...ports])].join(', ')}] } } }; see: kubectl${flags} get endpointslices --namespace default`,
    }
  },
}

/** Ports that the policies of the chart let the manager go to. */
async function managerPorts({ objects }: InstallContext): Promise<number[]> {
  const policies = (await objects()).filter(({ kind }) => kind === 'NetworkPolicy') as V1NetworkPolicy[]
  const rules = policies
    .filter(({ spec }) => spec?.podSelector?.matchLabels?.['app.kubernetes.io/component'] === 'manager')
    .flatMap(({ spec }) => spec?.egress ?? [])
  const ports = rules.flatMap((rule) => (rule.ports ?? []).map(({ port }) => Number(port)))
  return [...new Set(ports)].filter(Number.isInteger)
}
