import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'

export const nodes: Check = {
  id: 'nodes',
  title: 'There are nodes that can run the platform',
  protects: 'rollout',
  why: 'No pod of the platform would start.',
  level: 'error',
  after: ['api'],
  async run(context) {
    const { all, usable, fitting } = await siteNodes(context)
    const { platforms } = context.bundle.release
    if (fitting.length === 0)
      throw new SealiftError('CLUSTER_NODES', 'no node can run the platform', {
        why: `of ${all.length} nodes ${usable.length} are ready and neither cordoned nor tainted; the images are for ${platforms.join(', ')}`,
        fix: `kubectl${context.cluster().flags} get nodes -o wide`,
      })
    return { state: 'passed', found: `${fitting.length} of ${all.length} nodes` }
  },
}
