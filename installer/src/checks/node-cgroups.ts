import { counted } from '../amounts.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'
import { fromPods } from './pods.ts'

export const nodeCgroups: Check = {
  id: 'node-cgroups',
  title: 'The nodes have control groups of version 2',
  protects: 'rollout',
  why: 'Kubernetes 1.35 and later do not start without them; the node does not come back after an upgrade.',
  level: 'warning',
  after: ['pods'],
  run: fromPods((told) => {
    const old = told.filter(({ facts }) => facts.cgroup === 1)
    if (old.length > 0)
      return {
        state: 'failed',
        code: 'CLUSTER_NODE_SYSTEM',
        found: `version 1: ${listed(old.map(({ node }) => node))}`,
        needed: 'version 2',
        fix: 'on these nodes: grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1 (or the same in GRUB_CMDLINE_LINUX and update-grub), then restart them',
      }
    if (told.every(({ facts }) => facts.cgroup === undefined))
      return { state: 'skipped', found: 'pods may not see the control groups of their nodes' }
    return { state: 'passed', found: `version 2 on ${counted(told.length, 'node')}` }
  }),
}
