import { counted } from '../amounts.ts'
import { quantity } from '../cluster/quantity.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** cores, and GB of memory that the kernel leaves of what was bought */
const sizes = { least: { cores: 2, memory: 3.8 }, enough: { cores: 4, memory: 7.6 } }

export const nodeSizes: Check = {
  id: 'node-sizes',
  title: 'The nodes are large enough for workspaces',
  protects: 'smoke',
  why: 'An editor with its language servers needs about 2 GB, a build more.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { fitting } = await siteNodes(context)
    const measured = fitting.map(({ metadata, status }) => ({
      name: metadata?.name,
      cores: quantity(status?.capacity?.cpu),
      memory: quantity(status?.capacity?.memory) / 1e9,
    }))
    const below = ({ cores, memory }: { cores: number; memory: number }) =>
      measured
        .filter((node) => node.cores < cores || node.memory < memory)
        .map((node) => `${node.name}: ${node.cores} cores, ${node.memory.toFixed(1)} GB`)
    const small = below(sizes.enough)
    if (small.length === 0)
      return { state: 'passed', found: `${counted(measured.length, 'node')} of 4 cores and 8 GB or more` }
    const tooSmall = below(sizes.least)
    return {
      state: 'failed',
      level: tooSmall.length > 0 ? 'error' : 'warning',
      code: 'CLUSTER_NODE_SIZE',
      found: listed(tooSmall.length > 0 ? tooSmall : small),
      needed: '2 cores and 4 GB at least, better 4 cores and 8 GB',
      fix: 'use larger nodes, or keep workspaces off the small ones: values.environments.nodeSelector in the answers',
    }
  },
}
