import type { V1Node } from '@kubernetes/client-node'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { siteRepository } from '../../install/chart-values.ts'
import type { InstallContext } from '../../install/context.ts'

/** An image of the next release. */
export interface PlannedImage {
  name: string
  /** `registry/repository@digest` as the site's nodes pull it */
  image: string
  digest: string
  /** compressed, all layers: what a node pulls that has none of them */
  bytes: number
  /** whether the release before it has another one */
  isNew: boolean
}

type Context = Pick<InstallContext, 'bundle' | 'answers' | 'signal'>

/** The images of the next release with their sizes. `before`: those of what is installed. */
export async function plannedImages(
  { bundle, answers, signal }: Context,
  before: readonly { name: string; digest: string }[],
): Promise<PlannedImage[]> {
  return await Promise.all(
    bundle.release.images.map(async ({ name, reference, digest }) => ({
      ...{ name, digest },
      image: `${siteRepository(reference, answers.registry.address)}@${digest}`,
      bytes: await bytesTogether({ bundle, signal }, [{ reference }]),
      isNew: !before.some((one) => one.digest === digest),
    })),
  )
}

/** What a node pulls, compressed, that has nothing of some images of the release: layers that they share count once. */
export async function bytesTogether(
  { bundle, signal }: Pick<Context, 'bundle' | 'signal'>,
  images: readonly { reference: string }[],
): Promise<number> {
  const roots = images.map(async ({ reference }) => {
    const descriptor = await bundle.store.resolve(reference, signal)
    return { descriptor, source: reference, target: reference }
  })
  return (await readGraph(bundle.store, await Promise.all(roots))).size
}

/** Which nodes lack which images, as far as they say: a node names the 50 largest that it has (kubelet, nodeStatusMaxImages). */
export function missingOnNodes(
  { bundle, answers }: Pick<Context, 'bundle' | 'answers'>,
  nodes: readonly V1Node[],
): { node: string; image: string; digest: string }[] {
  return nodes.flatMap(({ metadata, status }) => {
    const there = new Set((status?.images ?? []).flatMap(({ names = [] }) => names))
    return bundle.release.images
      .map(({ reference, digest }) => ({
        digest,
        image: `${siteRepository(reference, answers.registry.address)}@${digest}`,
      }))
      .filter(({ image }) => !there.has(image))
      .map((one) => ({ node: metadata?.name ?? '', ...one }))
  })
}
