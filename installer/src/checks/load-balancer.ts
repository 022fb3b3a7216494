import type { Check } from './check.ts'

/** Programs that give addresses, by a part of the name of what runs them; cloud providers are seen by their nodes. */
const givers =
  /metallb|kube-vip|cloud-controller|servicelb|svclb|klipper|openelb|porter|purelb|loxilb|cilium-operator|kube-router/

export const loadBalancer: Check = {
  id: 'load-balancer',
  title: 'Something gives addresses to load balancers',
  protects: 'smoke',
  why: 'The platform would get no address, and nobody would reach it.',
  level: 'warning',
  after: ['api'],
  async run({ cluster, answers }) {
    if (answers.serviceType !== 'LoadBalancer')
      return { state: 'skipped', found: `the ingress is published as ${answers.serviceType}` }
    const { core, apps, request, flags } = cluster()
    const { items } = await request('list services', () => core.listServiceForAllNamespaces())
    const balanced = items.filter(({ spec }) => spec?.type === 'LoadBalancer')
    const served = balanced.filter(({ status }) => (status?.loadBalancer?.ingress?.length ?? 0) > 0)
    if (served[0])
      return {
        state: 'passed',
        found: `service ${served[0].metadata?.namespace}/${served[0].metadata?.name} has an address`,
      }
    const [deployments, daemonSets] = await Promise.all([
      request('list deployments', () => apps.listDeploymentForAllNamespaces()),
      request('list daemon sets', () => apps.listDaemonSetForAllNamespaces()),
    ])
    const names = [...deployments.items, ...daemonSets.items].map(({ metadata }) => metadata?.name ?? '')
    const giver = names.find((name) => givers.test(name))
    if (giver !== undefined && balanced.length === 0) return { state: 'passed', found: `${giver} runs` }
    const waits = balanced.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
    return {
      state: 'failed',
      code: 'CLUSTER_LOAD_BALANCER',
      found:
        waits.length > 0
          ? `services that wait for an address: ${waits.slice(0, 3).join(', ')}`
          : 'nothing known that gives any',
      needed: 'MetalLB, kube-vip, the one of a cloud or of the distribution, or serviceType: NodePort in the answers',
      fix: `ask who gives addresses here, or answer serviceType: NodePort; see: kubectl${flags} get services --all-namespaces`,
    }
  },
}
