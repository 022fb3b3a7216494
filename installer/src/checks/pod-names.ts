import type { Check } from './check.ts'
import { apiName, fromPods, onNodes, type Told } from './pods.ts'

export const podNames: Check = {
  id: 'pod-names',
  title: 'Pods resolve the names that they need, and no others',
  protects: 'rollout',
  why: 'The services of the platform find each other by name, and workspaces the platform and the registry.',
  level: 'warning',
  after: ['pods'],
  run: fromPods((told, { cluster }) => {
    const { flags } = cluster()
    const failed = { state: 'failed', code: 'CLUSTER_POD_NAMES' } as const
    const without = told.filter(({ facts }) => facts.names.some((one) => one.name === apiName && isMissing(one)))
    if (without.length > 0)
      return {
        ...failed,
        level: 'error',
        found: `pods ${onNodes(without)} do not find ${apiName}: ${wordsOf(without, apiName)}`,
        needed: 'the DNS of the cluster',
        fix: `see whether it runs, and whether pods reach it: kubectl${flags} get pods,services --namespace kube-system --selector k8s-app=kube-dns`,
      }
    const names = told.flatMap(({ facts }) => facts.names)
    const wild = names.find(({ name, addresses }) => isUnclaimed(name) && addresses.length > 0)
    if (wild)
      return {
        ...failed,
        found: `a name that nobody gave, ${wild.name}, leads pods to ${wild.addresses.join(', ')}`,
        needed: 'no wildcard in the search domain of the nodes',
        fix: 'take the wildcard out of DNS, or the domain out of `search` in /etc/resolv.conf of the nodes',
      }
    const site = [...new Set(names.map(({ name }) => name))].filter((name) => name !== apiName && !isUnclaimed(name))
    const missing = site.filter((name) => names.some((one) => one.name === name && isMissing(one)))
    if (missing.length > 0)
      return {
        ...failed,
        found: `pods find no address for ${missing.map((name) => `${shown(name)} (${wordsOf(told, name)})`).join(', ')}`,
        needed: 'the names of the site, also inside the cluster: workspaces open them',
        fix: `let the DNS of the site answer for them, and that of the cluster ask it: kubectl${flags} get configmap coredns --namespace kube-system --output yaml`,
      }
    return { state: 'passed', found: [apiName, ...site.map(shown)].join(', ') }
  }),
}

const isMissing = ({ addresses }: { addresses: string[] }): boolean => addresses.length === 0
/** As `unclaimed` makes them, in no domain: what resolves it anyway is a wildcard. */
const isUnclaimed = (name: string): boolean => /^sealift-check-[0-9a-f]+$/.test(name)
/** A name below that of dev URLs as people know it. */
const shown = (name: string): string => name.replace(/^sealift-check-[0-9a-f]+\./, '*.')

/** Why pods did not find a name. */
function wordsOf(told: Told, name: string): string {
  const answers = told.flatMap(({ facts }) => facts.names.filter((one) => one.name === name && isMissing(one)))
  return answers.find(({ error }) => error !== undefined)?.error ?? 'there is no such name'
}
