import type { V1EndpointSlice, V1NetworkPolicy, V1NetworkPolicyEgressRule } from '@kubernetes/client-node'
import { contains } from '../cluster/networks.ts'
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
    const rules = await managerRules(context)
    if (rules.length === 0) return { state: 'skipped', found: 'the chart has no policy for the manager' }
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    const query = { labelSelector: 'kubernetes.io/service-name=kubernetes' }
    const slices = await find('ask where the API server listens', () =>
      raw<{ items: V1EndpointSlice[] }>('GET', path, { query }),
    )
    const places = (slices?.items ?? []).flatMap(({ endpoints, ports }) =>
      (endpoints ?? []).flatMap(({ addresses }) =>
        addresses.flatMap((address) => (ports ?? []).flatMap(({ port }) => (port ? [{ address, port }] : []))),
      ),
    )
    if (places.length === 0)
      return { state: 'skipped', found: 'the cluster does not tell where its API server listens' }
    const ports = [...new Set(places.map(({ port }) => port))]
    const missing = places.filter(({ address, port }) => !rules.some((rule) => admits(rule, address, port)))
    if (missing.length === 0) return { state: 'passed', found: `port ${ports.join(', ')}` }
    const allowed = rules.filter((rule) => missing.some(({ address }) => leadsTo(rule, address))).flatMap(portsOf)
    return {
      state: 'failed',
      code: 'CLUSTER_POD_API',
      found: `the API server listens at ${[...new Set(missing.map(({ address, port }) => `${address}, port ${port}`))].join('; ')}; policies let the manager go there at ${[...new Set(allowed)].join(', ') || 'no port'}`,
      needed: 'its address and port among those of networkPolicies.kubernetesAPI of the chart',
      fix: `in the answers: values: { networkPolicies: { kubernetesAPI: { ports: [${[...new Set([443, ...ports])].join(', ')}] } } }; see: kubectl${flags} get endpointslices --namespace default`,
    }
  },
}

/** What the policies of the chart let the manager do. */
async function managerRules({ objects }: InstallContext): Promise<V1NetworkPolicyEgressRule[]> {
  const policies = (await objects()).filter(({ kind }) => kind === 'NetworkPolicy') as V1NetworkPolicy[]
  return policies
    .filter(({ spec }) => spec?.podSelector?.matchLabels?.['app.kubernetes.io/component'] === 'manager')
    .flatMap(({ spec }) => spec?.egress ?? [])
}

/** Whether a rule is about an address outside of the pods' network; one that names no peer is about all (Kubernetes, "Network Policies"). */
const leadsTo = ({ to = [] }: V1NetworkPolicyEgressRule, address: string): boolean =>
  to.length === 0 ||
  to.some(
    ({ ipBlock }) =>
      ipBlock && contains(ipBlock.cidr, address) && !ipBlock.except?.some((cidr) => contains(cidr, address)),
  )

const portsOf = ({ ports = [] }: V1NetworkPolicyEgressRule): number[] =>
  ports.map(({ port }) => Number(port)).filter(Number.isInteger)

const admits = (rule: V1NetworkPolicyEgressRule, address: string, port: number): boolean =>
  leadsTo(rule, address) && (rule.ports === undefined || portsOf(rule).includes(port))
