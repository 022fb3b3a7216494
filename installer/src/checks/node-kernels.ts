import semver from 'semver'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** the first with all of control groups, version 2; Kubernetes 1.35 starts on no other */
const least = '4.5.0'

export const nodeKernels: Check = {
  id: 'node-kernels',
  title: 'The kernels of the nodes are new enough',
  protects: 'rollout',
  why: 'Kubernetes 1.35 and later need control groups of version 2; without them the node does not come back after an upgrade.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { fitting } = await siteNodes(context)
    const kernels = fitting.map(({ metadata, status }) => ({
      name: metadata?.name,
      kernel: status?.nodeInfo?.kernelVersion ?? 'unknown',
    }))
    const old = kernels.filter(({ kernel }) => semver.lt(semver.coerce(kernel) ?? '0.0.0', least))
    if (old.length === 0) return { state: 'passed', found: listed([...new Set(kernels.map(({ kernel }) => kernel))]) }
    return {
      state: 'failed',
      code: 'CLUSTER_NODE_SYSTEM',
      found: listed(old.map(({ name, kernel }) => `${name}: ${kernel}`)),
      needed: '4.5 or later',
      fix: 'upgrade the system of these nodes; on each: sealift preflight --host-script says more',
    }
  },
}
