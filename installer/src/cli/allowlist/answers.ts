import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { complete } from '../../answers/complete.ts'
import { settled } from '../../answers/questions.ts'
import { readAnswers } from '../../answers/read.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { type SiteArguments, siteOf } from '../site-options.ts'
import type { ListSource } from './source.ts'

/** The answers of the site that flags mean; `kept` is the list of what is installed there. */
export interface SiteAnswers {
  answers: CompleteAnswers
  kept?: Allowlist | undefined
}

/**
 * The answers of a file, or those that a site in a cluster has kept. Undefined where no site is meant.
 * @throws SealiftError USAGE_ANSWERS, USAGE_ARGUMENTS, CLUSTER_*
 */
export async function answersOf(
  args: SiteArguments & { live: boolean },
  signal: AbortSignal,
): Promise<SiteAnswers | undefined> {
  if (!args.live) return args.answers === undefined ? undefined : { answers: readAnswers(args.answers) }
  const { connectCluster } = await import('../../cluster/connection.ts')
  const { readKeptAllowlist, readKeptAnswers } = await import('../../install/kept-answers.ts')
  const where = siteOf(args)
  const cluster = connectCluster(where, signal)
  const { draft } = await readKeptAnswers(cluster, where.namespace)
  const answers = complete(settled(draft)) as CompleteAnswers
  return { answers, kept: await readKeptAllowlist(cluster, where.namespace) }
}

/** The release that answers name themselves. @throws SealiftError USAGE_ARGUMENTS where they name none, BUNDLE_*, REGISTRY_* */
export async function ownSource(answers: CompleteAnswers | undefined, signal: AbortSignal): Promise<ListSource> {
  if (answers === undefined)
    throw new SealiftError('USAGE_ARGUMENTS', 'it is not said of what the list is', {
      fix: 'name a bundle: sealift allowlist generate BUNDLE --trust vendor.pub; or a site: --answers answers.yaml',
    })
  const { openNamed } = await import('../../install/open.ts')
  const { siteRegistry } = await import('../../install/registry-access.ts')
  const { chartDefaults } = await import('../../allowlist/chart-defaults.ts')
  const { releaseFacts } = await import('../../allowlist/release-facts.ts')
  const registry = siteRegistry(answers)
  try {
    const { bundle, close } = await openNamed(answers, registry, signal)
    try {
      const defaults = await chartDefaults(await bundle.chart())
      return { facts: releaseFacts(bundle.release, defaults), release: bundle.release }
    } finally {
      await close()
    }
  } finally {
    await registry.close()
  }
}
