import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { childrenOf } from '@sealift/bundle-spec/graph.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { applySecret } from '../../cluster/apply.ts'
import { probePull, usableNodes } from '../../cluster/node-pull.ts'
import { inProbeNamespace } from '../../cluster/probe-namespace.ts'
import { secretNames, siteRepository } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import { isDeployed } from '../deployed.ts'
import type { Stage } from '../engine.ts'
import { probeNamespaces } from '../probe-namespaces.ts'
import { pullSecret } from '../pull-secret.ts'

export const nodePullStage: Stage<InstallContext> = {
  id: 'node-pull',
  title: 'Let each node pull an image',
  inPlace: 'the platform runs from this registry',
  needed: async (context) => !(await isDeployed(context)),
  async run(context, report) {
    const { cluster, answers } = context
    const { core, request } = cluster()
    const nodes = usableNodes((await request('list nodes', () => core.listNode({ limit: 1000 }))).items)
    const image = await smallestImage(context)
    // the platform's own namespace is not touched before all checks have passed
    const namespace = probeNamespaces(answers).pull
    await inProbeNamespace(cluster(), namespace, async () => {
      const pull = pullSecret(answers)
      if (pull) await applySecret(cluster(), namespace, secretNames.registry, pull.type, pull.values)
      let done = 0
      await atOnce(8, nodes, async (node) => {
        const name = node.metadata?.name as string
        const pullSecret = pull ? secretNames.registry : undefined
        const ms = await probePull(cluster(), { namespace, node: name, image, pullSecret, timeout: 180_000 })
        report.info(`node ${name} pulled ${image} in ${(ms / 1000).toFixed(1)} s`)
        report.progress(++done, nodes.length, 'items')
      })
    })
  },
}

/** By digest, at the site: the image of the release with the fewest bytes. */
async function smallestImage({ bundle, answers, signal }: InstallContext): Promise<string> {
  const sized = await Promise.all(
    bundle.release.images.map(async ({ reference, digest }) => {
      const descriptor = await bundle.store.resolve(reference, signal)
      const open = () => bundle.store.open(reference, descriptor, undefined, signal)
      const children = childrenOf(descriptor, await readDocument(descriptor, open, bundle.store.origin))
      const size = children.reduce((sum, child) => sum + child.size, 0)
      return { size, image: `${siteRepository(reference, answers.registry.address)}@${digest}` }
    }),
  )
  return (sized.sort((a, b) => a.size - b.size)[0] as { image: string }).image
}
