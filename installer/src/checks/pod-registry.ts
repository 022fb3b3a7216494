import type { Check } from './check.ts'
import { listed } from './listed.ts'
import { fromPods, onNodes, registryHost } from './pods.ts'

export const podRegistry: Check = {
  id: 'pod-registry',
  title: 'Pods reach the registry and trust it',
  protects: 'smoke',
  why: 'Nodes pull by their own network and their own CA; tools in workspaces that pull or push images have those of pods.',
  level: 'warning',
  after: ['pods'],
  run: fromPods((told, { answers, seen }) => {
    const host = registryHost(answers)
    const { unpulled = [] } = seen.nodes ?? {}
    const others =
      unpulled.length === 0 ? '' : `, though ${listed(unpulled.map(({ node }) => node))} cannot pull from it`
    const broken = told.filter(({ facts: { registry } }) => !(registry.status !== undefined && registry.status < 500))
    const [first] = broken
    if (!first) return { state: 'passed', found: `${host}, from pods ${onNodes(told)}${others}` }
    const { error, status } = first.facts.registry
    const trust = /certificate|CERT|altname/i.test(error ?? '')
    return {
      state: 'failed',
      code: 'CLUSTER_POD_REGISTRY',
      found: `the nodes pull from ${host}, but pods ${onNodes(broken)} ${trust ? 'do not trust it' : 'do not reach it'}: ${error ?? `it answers ${status}`}`,
      needed: 'an answer to pods as well, with a certificate of the CA in the answers',
      fix: trust
        ? `name the CA that signed it as registry.caFile in the answers: openssl s_client -connect ${host.includes(':') ? host : `${host}:443`} -showcerts`
        : `let the network of pods lead to ${host}: firewalls, routes, and what translates addresses of pods on the nodes`,
    }
  }),
}
