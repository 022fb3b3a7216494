import { assertLicensed, type LicenseClaims, readLicense } from '@sealift/bundle-spec/license.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { type Bundle, openBundle } from '../stores/bundle/open.ts'
import { readRelease } from '../stores/bundle/release.ts'

/**
 * Opens a bundle to do something with its images: its signature holds, and the license is signed by a key that the signed
 * release names and allows it. Costs milliseconds, so it stands before anything long.
 * @throws SealiftError BUNDLE_*, LICENSE_*
 */
export async function openLicensed(
  path: string,
  trust: readonly string[],
  license: string,
  act: 'build' | 'serve' | 'seed',
): Promise<{ bundle: Bundle; release: Release; releaseDigest: string; claims: LicenseClaims }> {
  const bundle = await openBundle(path, trust)
  try {
    const { release, digest } = await readRelease(bundle)
    const claims = await readLicense(license, release.licenseKeys)
    assertLicensed(claims, { act })
    return { bundle, release, releaseDigest: digest, claims }
  } catch (error) {
    await bundle.close()
    throw error
  }
}
