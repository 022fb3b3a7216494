import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { inPullingNamespace } from '../../checks/pulling-namespace.ts'
import { probePull } from '../../cluster/node-pull.ts'
import type { Stage } from '../../install/engine.ts'
import { probeNamespaces } from '../../install/probe-namespaces.ts'
import { siteNodes } from '../../install/site-nodes.ts'
import type { StepContext } from '../context.ts'
import { missingOnNodes } from '../plan/images.ts'

/** pulls that run at once, over all nodes */
const lanes = 8

export const pullStage: Stage<StepContext> = {
  id: 'pull',
  title: 'Let every node pull the new images',
  inPlace: 'every node has them',
  needed: async (context) => (await missing(context)).length > 0,
  async run(context, report) {
    const wanted = await missing(context)
    const namespace = probeNamespaces(context.answers).pull
    let done = 0
    await inPullingNamespace(context, namespace, (pullSecret) =>
      atOnce(lanes, wanted, async ({ node, image }) => {
        const ms = await probePull(context.cluster(), { namespace, node, image, pullSecret, timeout: 600_000 })
        report.progress(++done, wanted.length, 'items')
        report.info(`${node} has ${image.split('@')[0]} after ${(ms / 1000).toFixed(1)} s`)
      }),
    )
  },
}

const missing = async (context: StepContext) => missingOnNodes(context, (await siteNodes(context)).fitting)
