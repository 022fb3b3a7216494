import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, readGraph } from '@sealift/bundle-spec/graph.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const registryStage: Stage<InstallContext> = {
  id: 'registry',
  title: 'Check that the registry has every image',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { bundle, answers, signal } = context
    const graph = await imagesAtSite(context)
    if (answers.registry.kind === 'seed') {
      const { outcomes, sent, references, resumed, referrers } = await context.seed({
        signal,
        onProgress: ({ done, total }) => report.progress(done, total, 'bytes'),
      })
      const kept = resumed > 0 ? `, ${resumed} of an earlier run used` : ''
      report.info(`${sent} bytes sent${kept}; ${outcomes.mounted} parts mounted, ${outcomes.present} there already`)
      report.info(`${references.length} names read back and proven`)
      if (!referrers) report.warn('the registry takes images only: their signatures and SBOMs are not there')
    }
    const missing = await missingContent(context, graph, (done, total) => report.progress(done, total, 'items'))
    if (missing.length === 0)
      return report.info(`all ${graph.nodes.length} parts of ${graph.roots.length} images are there`)
    throw new SealiftError(
      'REGISTRY_INCOMPLETE',
      `${answers.registry.address} lacks ${missing.length} of ${graph.nodes.length} parts of the images`,
      {
        why: `for example ${missing[0]}`,
        fix:
          answers.registry.kind === 'serve'
            ? `serve this bundle there: sealift serve ${bundle.path}`
            : `sealift seed ${bundle.path} --to ${answers.registry.address}`,
      },
    )
  },
}

/** The graph of the release's images, from the bundle, under the names that the site's registry gives them. */
async function imagesAtSite({ bundle, answers, signal }: InstallContext): Promise<Graph> {
  const roots = await Promise.all(
    bundle.release.images.map(async ({ name, reference, digest }) => {
      const descriptor = await bundle.store.resolve(reference, signal)
      if (descriptor.digest !== digest)
        throw new SealiftError('BUNDLE_RELEASE', `the bundle has another image ${name} than its release names`)
      return { descriptor, source: reference, target: atSite(reference, answers.registry.address) }
    }),
  )
  return await readGraph(bundle.store, roots, { signal })
}

/** Names the content that the registry does not have, by digest; nothing is downloaded. */
async function missingContent(
  { registry, signal }: InstallContext,
  { nodes }: Graph,
  onProgress: (done: number, total: number) => void,
): Promise<string[]> {
  const wanted = nodes.flatMap((node) => node.targets.map((target) => ({ target, descriptor: node.descriptor })))
  const missing: string[] = []
  let done = 0
  await atOnce(8, wanted, async ({ target, descriptor }) => {
    signal.throwIfAborted()
    if (!(await registry.has(target, descriptor, signal))) missing.push(`${target}@${descriptor.digest}`)
    onProgress(++done, wanted.length)
  })
  return missing
}
