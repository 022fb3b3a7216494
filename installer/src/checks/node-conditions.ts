import { counted } from '../amounts.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable']

export const nodeConditions: Check = {
  id: 'node-conditions',
  title: 'All nodes are ready and under no pressure',
  protects: 'rollout',
  why: 'A node under pressure takes no pods and evicts those that it has.',
  level: 'warning',
  after: ['api'],
  async run(context) {
    const { all } = await siteNodes(context)
    const faults = all.flatMap(({ metadata, status }) => {
      const conditions = status?.conditions ?? []
      const bad = conditions.filter(({ type, status }) => pressures.includes(type) && status === 'True')
      const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
      const said = [...(ready ? [] : ['not ready']), ...bad.map(({ type }) => type)]
      return said.length === 0 ? [] : [`${metadata?.name}: ${said.join(', ')}`]
    })
    if (faults.length === 0) return { state: 'passed', found: `${counted(all.length, 'node')}` }
    return {
      state: 'failed',
      code: 'CLUSTER_NODE_PRESSURE',
      found: listed(faults),
      needed: 'nodes that are ready, without pressure of memory, disk or processes',
      fix: `see why: kubectl${context.cluster().flags} describe node ${faults[0]?.split(':')[0]}`,
    }
  },
}
