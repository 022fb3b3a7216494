import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { childrenOf } from '@sealift/bundle-spec/document.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { probePull } from '../cluster/node-pull.ts'
import { siteRepository } from '../install/chart-values.ts'
import type { InstallContext } from '../install/context.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { inPullingNamespace } from './pulling-namespace.ts'

export const nodePull: Check = {
  id: 'node-pull',
  title: 'Each node can pull an image',
  protects: 'rollout',
  why: 'Pods that land on a node that cannot pull do not start, today or when they move.',
  level: 'error',
  after: ['images', 'nodes', 'permissions', 'leftovers'],
  limit: 240_000,
  async run(context) {
    const { usable } = await siteNodes(context)
    const image = await smallestImage(context)
    // the platform's own namespace is not touched before all checks have passed
    const namespace = probeNamespaces(context.answers).pull
    const times = await inPullingNamespace(context, namespace, (pullSecret) =>
      atOnce(8, usable, ({ metadata }) =>
        probePull(context.cluster(), {
          ...{ namespace, node: metadata?.name as string, image, pullSecret, timeout: 180_000 },
        }),
      ),
    )
    const slowest = (Math.max(...times) / 1000).toFixed(1)
    return {
      state: 'passed',
      found: `${times.length} of ${times.length} nodes pulled ${image}, the slowest in ${slowest} s`,
    }
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
