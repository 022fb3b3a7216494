import { createPublicKey } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Graph } from '@sealift/bundle-spec/graph.ts'
import { readSigningKey } from '@sealift/bundle-spec/sign.ts'
import type { SignedIndex } from '@sealift/bundle-spec/signed-index.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { readRelease } from '../stores/bundle/release.ts'
import { checkWhole } from '../stores/bundle/whole.ts'
import { openSignedIndex } from '../stores/signed-release.ts'

/** What a build is told, as far as it matters here. */
interface Told {
  /** release.yaml */
  source: string
  /** the bundle to write */
  out: string
  /** PEM, and its passphrase where it is encrypted */
  signingKey: string
  passphrase?: string | undefined
  signal?: AbortSignal
}

/**
 * Reads a signed release as whoever gets it will, before it is sealed: no build makes what `bundle verify` refuses.
 * @throws SealiftError BUILD_SOURCE, and what reading throws
 */
export async function readBack(
  signed: SignedIndex,
  { source, out, signingKey, passphrase, signal }: Told,
  store: ContentStore,
  graph: Graph,
): Promise<void> {
  const key = createPublicKey(readSigningKey(signingKey, passphrase)).export({ type: 'spki', format: 'pem' }) as string
  try {
    const opened = { path: out, store, ...openSignedIndex(signed, [key]) }
    await checkWhole(opened, (await readRelease(opened)).release, graph, signal)
  } catch (cause) {
    if (!(cause instanceof SealiftError) || !cause.code.startsWith('BUNDLE_')) throw cause
    throw new SealiftError('BUILD_SOURCE', `${source}: no site could install this release`, {
      why: [cause.message, cause.why].filter(Boolean).join(': '),
      fix: 'correct what it names there; docs/vendor.md shows a whole one',
      cause,
    })
  }
}
