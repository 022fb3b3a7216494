import semver from 'semver'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** minor versions that a kubelet may be older than the API server (Kubernetes, "Version Skew Policy"); it is never newer */
const behind = 3

export const kubelets: Check = {
  id: 'kubelets',
  title: 'The kubelets fit the API server',
  protects: 'rollout',
  why: 'Nobody tests other pairs of versions: pods may fail in ways that nothing explains.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const api = semver.coerce(await context.kubeVersion())
    const { all } = await siteNodes(context)
    const versions = all.map(({ metadata, status }) => ({
      name: metadata?.name,
      version: status?.nodeInfo?.kubeletVersion ?? 'unknown',
    }))
    const odd = versions.filter(({ version }) => {
      const kubelet = semver.coerce(version)
      if (!kubelet || !api) return true
      const minors = api.minor - kubelet.minor
      return api.major !== kubelet.major || minors < 0 || minors > behind
    })
    if (odd.length === 0)
      return { state: 'passed', found: listed([...new Set(versions.map(({ version }) => version))]) }
    return {
      state: 'failed',
      code: 'CLUSTER_NODE_SYSTEM',
      found: listed(odd.map(({ name, version }) => `${name}: ${version}`)),
      needed: `at most ${behind} minor versions behind ${api?.version}, never ahead`,
      fix: `upgrade these nodes: kubectl${context.cluster().flags} get nodes`,
    }
  },
}
