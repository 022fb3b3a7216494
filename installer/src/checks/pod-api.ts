import type { Check } from './check.ts'
import { apiName, fromPods, onNodes } from './pods.ts'

export const podApi: Check = {
  id: 'pod-api',
  title: 'Pods reach the API of Kubernetes',
  protects: 'rollout',
  why: 'The manager makes workspaces by it: none would start.',
  level: 'error',
  // without DNS it is not found, and that is said already
  after: ['pods', 'pod-names'],
  run: fromPods((told, { cluster }) => {
    const cutOff = told.filter(({ facts }) => facts.api.status === undefined)
    const [first] = cutOff
    if (!first) return { state: 'passed', found: `${apiName}:443, ${onNodes(told)}` }
    return {
      state: 'failed',
      code: 'CLUSTER_POD_API',
      found: `pods ${onNodes(cutOff)} do not reach ${apiName}:443: ${first.facts.api.error}`,
      needed: 'an answer of the API server to pods of any namespace',
      fix: `look at kube-proxy (or what stands for it) on the node, and at policies of the whole cluster: kubectl${cluster().flags} get endpointslices --namespace default; kubectl${cluster().flags} get pods --namespace kube-system --output wide`,
    }
  }),
}
