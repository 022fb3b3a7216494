import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { readTrustedKeys } from '@sealift/bundle-spec/signature.ts'
import { openBundle } from '../../stores/bundle/open.ts'
import { readRelease } from '../../stores/bundle/release.ts'
import { verifyBundle } from '../../stores/bundle/verify.ts'
import { error, type Finding, failed } from './finding.ts'
import type { Given } from './given.ts'

/** What the bundle of the answers delivers, where it opens with the keys that they trust; `whole` hashes all of it. */
export async function openRelease(
  { answers, has, content }: Given,
  { whole, signal }: { whole: boolean; signal: AbortSignal },
): Promise<{ release?: Release; findings: Finding[] }> {
  // a release in a registry is looked at when there is a line to it
  if (!has('/bundle') || answers.bundle === undefined) return { findings: [] }
  const keys = has('/trust') ? answers.trust.map((_, i) => content(`/trust/${i}`)) : []
  try {
    const bundle = await openBundle(
      answers.bundle,
      keys.filter((key) => key !== undefined),
    )
    try {
      const { release } = await readRelease(bundle)
      if (whole) await verifyBundle(bundle, { onProgress: () => {}, signal })
      return { release, findings: [] }
    } finally {
      await bundle.close()
    }
  } catch (cause) {
    if (cause instanceof SealiftError && (cause.code === 'BUNDLE_UNTRUSTED' || cause.code === 'USAGE_TRUST'))
      return { findings: has('/trust') ? [failed('/trust', cause)] : [] }
    return { findings: [failed('/bundle', cause)] }
  }
}

/** Each trusted key is one, by itself. */
export function keyFindings({ answers, has, content }: Given): Finding[] {
  if (!has('/trust')) return []
  return answers.trust.flatMap((file, i) => {
    const pointer = `/trust/${i}`
    try {
      readTrustedKeys(content(pointer) ?? '')
      return []
    } catch {
      return [
        error(
          pointer,
          `it is no public key that signs bundles: ${file}`,
          'an ECDSA P-256 key in PEM, as the vendor hands it out: its public half',
        ),
      ]
    }
  })
}
