import type { CopyProgress } from '@sealift/bundle-spec/copy.ts'
import type { Role } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openSeedJournal } from '../seed/journal.ts'
import { type SeedResult, seedRegistry } from '../seed/seed.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import type { RegistryStore } from '../stores/registry/store.ts'

export interface SeededImages extends SeedResult {
  /** bytes that an earlier run had sent, also of blobs that it did not finish */
  resumed: number
  /** false where the registry takes no signatures and SBOMs: only the images are there */
  referrers: boolean
}

export interface SeedImagesOptions {
  bundle: Bundle
  to: RegistryStore
  /** `host[:port]` with an optional path */
  registry: string
  /** where open uploads are noted, for the next run */
  stateDir: string
  signal: AbortSignal
  onProgress(progress: CopyProgress): void
}

/**
 * Seeds a registry with the images and what refers to them, just as `sealift seed` does: names that stand for other content
 * are left alone, and a run that was killed goes on inside the blob. A registry that takes nothing but images gets those.
 * @throws SealiftError REGISTRY_*, BUNDLE_*, USAGE_LOCKED, STORAGE_STATE
 */
export async function seedImages(options: SeedImagesOptions): Promise<SeededImages> {
  const { bundle, registry, stateDir } = options
  const journal = await openSeedJournal(stateDir, registry, bundle.indexDigest)
  try {
    const seed = (roles: readonly Role[]) => seedRegistry({ ...options, roles, journal })
    let referrers = true
    const result = await seed(['image', 'referrer']).catch((error: SealiftError) => {
      if (error.code !== 'REGISTRY_UNSUPPORTED') throw error
      referrers = false
      return seed(['image'])
    })
    return { ...result, resumed: journal.resumedBytes, referrers }
  } catch (error) {
    if (!(error instanceof SealiftError) || error.code !== 'REGISTRY_TAG_TAKEN') throw error
    throw new SealiftError(error.code, error.message, {
      why: error.why,
      fix: `if these names are to change: sealift seed ${bundle.path} --to ${registry} --images-only --replace-tags; otherwise name another path in registry.address`,
      cause: error,
    })
  } finally {
    journal.close()
  }
}
