import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, readGraph } from '@sealift/bundle-spec/graph.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { InstallContext } from '../install/context.ts'
import { serveCommand, unserved } from '../install/serve-command.ts'
import type { Check } from './check.ts'

export const images: Check = {
  id: 'images',
  title: 'The registry has every image',
  protects: 'rollout',
  why: 'A node that lacks an image could not start the pods of it.',
  level: 'error',
  limit: 300_000,
  async run(context) {
    const { answers } = context
    const graph = await imagesAtSite(context)
    const missing = await missingContent(context, graph).catch((error) => {
      throw unserved(error, answers)
    })
    if (missing.length === 0)
      return { state: 'passed', found: `all ${graph.nodes.length} parts of ${graph.roots.length} images are there` }
    throw new SealiftError(
      'REGISTRY_INCOMPLETE',
      `${answers.registry.address} lacks ${missing.length} of ${graph.nodes.length} parts of the images`,
      {
        why: `for example ${missing[0]}`,
        fix:
          answers.registry.kind === 'serve'
            ? `serve this bundle there: ${serveCommand(answers, '--background')}`
            : `sealift seed ${answers.bundle ?? 'BUNDLE'} --to ${answers.registry.address}`,
      },
    )
  },
}

/** The same before an installation that seeds the registry: that they are not there yet is no fault. */
export const imagesToSeed: Check = {
  ...images,
  async run(context, say) {
    try {
      return await images.run(context, say)
    } catch (error) {
      if (!(error instanceof SealiftError) || error.code !== 'REGISTRY_INCOMPLETE') throw error
      return { state: 'skipped', found: `the installation puts them there: ${error.message}` }
    }
  },
}

/** The graph of the release's images, from the bundle, under the names that the site's registry gives them. */
async function imagesAtSite({ bundle, answers, signal }: InstallContext): Promise<Graph> {
  const roots = await Promise.all(
    bundle.release.images.map(async ({ reference }) => ({
      descriptor: await bundle.store.resolve(reference, signal),
      source: reference,
      target: atSite(reference, answers.registry.address),
    })),
  )
  return await readGraph(bundle.store, roots, { signal })
}

/** Names the content that the registry lacks somewhere, by digest, each once; nothing is downloaded. */
async function missingContent({ registry, signal }: InstallContext, { nodes }: Graph): Promise<string[]> {
  const wanted = nodes.flatMap((node) => node.targets.map((target) => ({ target, descriptor: node.descriptor })))
  const looked = await atOnce(8, wanted, async ({ target, descriptor }) => {
    signal.throwIfAborted()
    return (await registry.has(target, descriptor, signal)) ? [] : [`${target}@${descriptor.digest}`]
  })
  // what several images share is one part
  return [...new Map(looked.flat().map((name) => [name.slice(name.indexOf('@')), name])).values()]
}
