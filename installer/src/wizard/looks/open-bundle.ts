import { answerAt, type Draft } from '../../answers/draft.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import type { InstallBundle } from '../../install/bundle.ts'
import { reachedBy } from '../served.ts'
import { text } from './look.ts'

/**
 * Opens the release that answers name, in a bundle file or in a registry, with the keys that they trust.
 * @throws SealiftError BUNDLE_*, REGISTRY_*, USAGE_ANSWERS
 */
export async function openBundleOf(
  draft: Draft,
  signal: AbortSignal,
): Promise<{ bundle: InstallBundle; close(): Promise<void> }> {
  const { openNamed } = await import('../../install/open.ts')
  const { siteRegistry } = await import('../../install/registry-access.ts')
  const trust = answerAt(draft, '/trust')
  const reached = reachedBy(draft)
  const site = siteRegistry(reached)
  try {
    const { bundle, close } = await openNamed(
      {
        ...reached,
        bundle: text(draft, '/bundle'),
        releaseCaFile: text(draft, '/releaseCaFile'),
        trust: Array.isArray(trust) ? trust.filter((file) => typeof file === 'string') : [],
      } as CompleteAnswers,
      site,
      signal,
    )
    return {
      bundle,
      async close() {
        await close()
        await site.close()
      },
    }
  } catch (error) {
    await site.close()
    throw error
  }
}
