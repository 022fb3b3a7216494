import type { Release } from '@sealift/bundle-spec/release.ts'
import { answerAt, type Draft } from '../../answers/draft.ts'
import type { Bundle } from '../../stores/bundle/open.ts'
import { needed } from './look.ts'

/** Opens the bundle that answers name, with the keys that they trust. @throws SealiftError BUNDLE_*, USAGE_ANSWERS */
export async function openBundleOf(draft: Draft): Promise<{ bundle: Bundle; release: Release }> {
  const { openBundle } = await import('../../stores/bundle/open.ts')
  const { readRelease } = await import('../../stores/bundle/release.ts')
  const { small } = await import('../../install/registry-access.ts')
  const trust = answerAt(draft, '/trust')
  const keys = Array.isArray(trust) ? trust.filter((file) => typeof file === 'string') : []
  const bundle = await openBundle(
    needed(draft, '/bundle'),
    keys.map((file, i) => small(file, `trust[${i}]`)),
  )
  try {
    return { bundle, release: (await readRelease(bundle)).release }
  } catch (error) {
    await bundle.close()
    throw error
  }
}
