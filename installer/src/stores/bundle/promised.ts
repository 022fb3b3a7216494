import type { Role } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { extensionArtifact } from '@sealift/bundle-spec/extension.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { releaseNameOf } from '@sealift/bundle-spec/release-name.ts'
import { releaseManifestIn, type SignedRelease } from '../signed-release.ts'

/**
 * Proves that a bundle delivers what its release names, and nothing else of the kind: each image, file, extension and the chart is there
 * under its name and with its digest. What is served or seeded under a name is then what is installed by digest.
 * @throws SealiftError BUNDLE_RELEASE
 */
export function checkPromised(bundle: SignedRelease, release: Release): void {
  const { version, chart, images, files, extensions = [] } = release
  const bad = (what: string, why: string) =>
    new SealiftError('BUNDLE_RELEASE', `${bundle.path}: ${what} is not what its release names`, { why })
  const promised = new Map<string, { digest: string; reference?: string }>([
    [keyOf('chart', chart.name), chart],
    ...images.map((image) => [keyOf('image', image.name), image] as const),
    ...files.map((file) => [keyOf('file', file.name), file] as const),
    ...extensions.map((one) => [keyOf('extension', extensionArtifact(one)), one] as const),
  ])
  if (promised.size !== 1 + images.length + files.length + extensions.length)
    throw bad('a name', 'the release gives it twice')
  const own = releaseNameOf(releaseManifestIn(bundle).reference, version)
  for (const { role, name, reference, descriptor } of bundle.artifacts) {
    if (reference === own) throw bad(keyOf(role, name), `${own} is the name of the release itself`)
    const key = keyOf(role, name)
    if (!delivered.has(role)) continue
    const named = promised.get(key)
    if (!named) throw bad(`${key}, ${descriptor.digest},`, 'the release names no such thing, or it is there twice')
    if (named.digest !== descriptor.digest) throw bad(key, `${descriptor.digest} is there, ${named.digest} is named`)
    if (named.reference !== undefined && named.reference !== reference)
      throw bad(key, `it is there as ${reference}, and named as ${named.reference}`)
    promised.delete(key)
  }
  for (const [key, { digest }] of promised) throw bad(key, `the bundle does not have it, ${digest}`)
}

/** Roles of what a release names; what else a bundle has belongs to one of these. */
const delivered: ReadonlySet<Role> = new Set(['chart', 'image', 'file', 'extension'])

const keyOf = (role: Role, name: string): string => `${role} ${name}`
