import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import type { Bytes, ContentStore } from '@sealift/bundle-spec/store.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import { openChart, openFile, readRelease } from '../stores/bundle/release.ts'
import { verifyBundle } from '../stores/bundle/verify.ts'

/** Content that is hashed while it is read. */
export interface Content {
  descriptor: Descriptor
  bytes(): Promise<Bytes>
}

/** What stages need of a bundle whose signature has held. */
export interface InstallBundle {
  path: string
  /** bytes of the file */
  size: number
  store: ContentStore
  release: Release
  releaseDigest: string
  /** of index.json: what the signature is over */
  indexDigest: string
  /** hint of the key that signed */
  signedBy: string
  chart(): Promise<Content>
  file(name: string): Promise<Content>
  /** Proves every byte. @throws SealiftError BUNDLE_* */
  verify(onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<void>
}

/** A bundle as stages see it. @throws SealiftError BUNDLE_RELEASE */
export async function installBundle(bundle: Bundle): Promise<InstallBundle> {
  const { release, digest } = await readRelease(bundle)
  return {
    path: bundle.path,
    size: bundle.size,
    store: bundle.store,
    release,
    releaseDigest: digest,
    indexDigest: bundle.indexDigest,
    signedBy: bundle.signedBy,
    chart: () => openChart(bundle),
    file: (name) => openFile(bundle, name),
    verify: async (onProgress, signal) => void (await verifyBundle(bundle, { onProgress, signal })),
  }
}
