import { answerAt, type Draft } from '../../answers/draft.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import type { InstallBundle } from '../../install/bundle.ts'
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
  const registry = registryIn(draft)
  const site = siteRegistry({ registry })
  try {
    const { bundle, close } = await openNamed(
      {
        bundle: text(draft, '/bundle'),
        release: text(draft, '/release'),
        trust: Array.isArray(trust) ? trust.filter((file) => typeof file === 'string') : [],
        registry,
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

/** The registry, as far as it is answered. An address that is not known yet is nobody's. */
export function registryIn(draft: Draft): CompleteAnswers['registry'] {
  return {
    kind: text(draft, '/registry/kind') ?? 'serve',
    address: text(draft, '/registry/address') ?? 'registry.invalid',
    caFile: text(draft, '/registry/caFile'),
    plainHttp: answerAt(draft, '/registry/plainHttp') === true,
    username: text(draft, '/registry/username'),
    passwordFile: text(draft, '/registry/passwordFile'),
  } as CompleteAnswers['registry']
}
