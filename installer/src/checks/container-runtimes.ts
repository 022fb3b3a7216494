import semver from 'semver'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** the oldest whose registry configuration (certs.d) and OCI support is what docs/install.md describes */
const least: Readonly<Record<string, string>> = { containerd: '1.6.0', 'cri-o': '1.24.0' }

export const containerRuntimes: Check = {
  id: 'container-runtimes',
  title: 'The container runtimes of the nodes are known to work',
  protects: 'rollout',
  why: 'Others pull images and trust registries in other ways; nobody has tried the platform with them.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { fitting } = await siteNodes(context)
    const found = fitting.map(({ metadata, status }) => ({
      name: metadata?.name,
      // containerd://1.7.2
      runtime: status?.nodeInfo?.containerRuntimeVersion ?? 'unknown',
    }))
    const odd = found.filter(({ runtime }) => {
      const [kind = '', version = ''] = runtime.split('://')
      const oldest = least[kind]
      return oldest === undefined || semver.lt(semver.coerce(version) ?? '0.0.0', oldest)
    })
    if (odd.length === 0) return { state: 'passed', found: listed([...new Set(found.map(({ runtime }) => runtime))]) }
    return {
      state: 'failed',
      code: 'CLUSTER_NODE_SYSTEM',
      found: listed(odd.map(({ name, runtime }) => `${name}: ${runtime}`)),
      needed: Object.entries(least)
        .map(([kind, version]) => `${kind} ${version}`)
        .join(' or '),
      fix: 'upgrade it on these nodes',
    }
  },
}
