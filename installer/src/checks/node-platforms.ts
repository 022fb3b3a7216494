import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'

export const nodePlatforms: Check = {
  id: 'node-platforms',
  title: 'All nodes are of a platform that the images are for',
  protects: 'rollout',
  why: 'A pod that lands on another node does not start.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { usable, fitting } = await siteNodes(context)
    const others = usable.filter((node) => !fitting.includes(node)).map(({ metadata }) => metadata?.name as string)
    const platforms = context.bundle.release.platforms.join(', ')
    if (others.length === 0) return { state: 'passed', found: platforms }
    return {
      state: 'failed',
      code: 'CLUSTER_NODES',
      found: `of another platform: ${others.join(', ')}`,
      needed: platforms,
      fix: `keep pods off them: kubectl${context.cluster().flags} taint nodes ${others.join(' ')} sealift.dev/platform=other:NoSchedule`,
    }
  },
}
