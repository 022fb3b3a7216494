import type { Release } from '@sealift/bundle-spec/release.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import { openChart, openFile, readRelease } from '../stores/bundle/release.ts'
import type { Content } from '../stores/bundle/take-out.ts'
import { verifyBundle } from '../stores/bundle/verify.ts'
import type { RegistryRelease } from '../stores/release/open.ts'
import { verifyRelease } from '../stores/release/verify.ts'
import type { SignedRelease } from '../stores/signed-release.ts'
import type { Reporter } from './events.ts'

/** What stages need of a release whose signature has held, in a bundle file or in a registry. */
export interface InstallBundle {
  /** of the file; of a release in a registry its name, with the digest that the name stood for */
  path: string
  /** bytes of the file; undefined where there is none */
  size: number | undefined
  store: ContentStore
  release: Release
  releaseDigest: string
  /** of index.json: what the signature is over */
  indexDigest: string
  /** hint of the key that signed */
  signedBy: string
  chart(): Promise<Content>
  file(name: string): Promise<Content>
  /**
   * Proves all that can be proven from here.
   * @returns what that is, in words
   * @throws SealiftError BUNDLE_*, REGISTRY_*
   */
  verify(onProgress: Reporter['progress'], signal: AbortSignal): Promise<string>
}

/** A bundle as stages see it. @throws SealiftError BUNDLE_RELEASE */
export async function installBundle(bundle: Bundle): Promise<InstallBundle> {
  const { release, digest } = await readRelease(bundle)
  return {
    ...contentOf(bundle),
    size: bundle.size,
    release,
    releaseDigest: digest,
    async verify(onProgress, signal) {
      await verifyBundle(bundle, { onProgress: (done, total) => onProgress(done, total, 'bytes'), signal })
      return 'every byte holds'
    },
  }
}

/** A release in a registry as stages see it. */
export function installRelease(release: RegistryRelease): InstallBundle {
  return {
    ...contentOf(release),
    size: undefined,
    release: release.release,
    releaseDigest: release.releaseDigest,
    async verify(onProgress, signal) {
      await verifyRelease(release, { onProgress: (done, total) => onProgress(done, total, 'items'), signal })
      return 'every document holds and every part is there; layers are proven by the nodes that pull them, by digest'
    },
  }
}

const contentOf = (signed: SignedRelease) => ({
  path: signed.path,
  store: signed.store,
  indexDigest: signed.indexDigest,
  signedBy: signed.signedBy,
  chart: () => openChart(signed),
  file: (name: string) => openFile(signed, name),
})
