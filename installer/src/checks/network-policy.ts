import { probePolicies } from '../cluster/policy-probe.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { imageWithNode } from './image-with-node.ts'
import { inPullingNamespace } from './pulling-namespace.ts'

export const networkPolicy: Check = {
  id: 'network-policy',
  title: 'The network keeps to network policies',
  protects: 'deploy',
  why: 'Workspaces would reach each other, the database and all that the network leads to.',
  level: 'error',
  after: ['images', 'nodes', 'permissions', 'leftovers'],
  limit: 400_000,
  async run(context) {
    if (!(await context.objects()).some(({ kind }) => kind === 'NetworkPolicy'))
      return { state: 'skipped', found: 'the chart has no policies with these values' }
    const names = (await siteNodes(context)).fitting.map(({ metadata }) => metadata?.name as string)
    const namespace = probeNamespaces(context.answers).policy
    await inPullingNamespace(context, namespace, (pullSecret) =>
      probePolicies(context.cluster(), {
        ...{ namespace, pullSecret, timeout: 180_000, settle: 60_000 },
        nodes: { server: names[0] as string, clients: names.at(-1) as string },
        image: imageWithNode(context),
      }),
    )
    return {
      state: 'passed',
      found: 'a pod is cut off from another one by policies, on the way in and on the way out',
    }
  },
}
