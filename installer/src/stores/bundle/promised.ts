import { annotations } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { extensionArtifact } from '@sealift/bundle-spec/extension.ts'
import { isFullName } from '@sealift/bundle-spec/full-name.ts'
import { isRole } from '@sealift/bundle-spec/kinds.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { releaseNameOf } from '@sealift/bundle-spec/release-name.ts'
import { type Artifact, releaseManifestIn, type SignedRelease, unfit } from '../signed-release.ts'

interface Promised {
  role: Artifact['role']
  name: string
  digest: string
  reference?: string
}

/**
 * Proves that an index delivers what its release names, and nothing else of the kind: each image, file, extension and the chart is there
 * under its name and with its digest. What is served or seeded under a name is then what is installed by digest.
 * @throws SealiftError BUNDLE_RELEASE
 */
export function checkPromised(signed: SignedRelease, release: Release): void {
  const promised = promisesOf(signed, release)
  const own = releaseNameOf(releaseManifestIn(signed).reference, release.version)
  const images = new Set(release.images.map(({ name }) => name))
  for (const artifact of signed.artifacts) {
    const { role, reference, descriptor } = artifact
    const bad = (why: string) => unfit(signed, artifact, why)
    if (!isRole(role)) throw bad('this version of sealift does not know what it is to a release')
    const wrong = misnamed(artifact, release, own)
    if (wrong !== undefined) throw bad(wrong)
    if (role === 'referrer' && !images.has(artifact.name))
      throw bad('it says something about an image that the release does not name')
    if (!delivered.has(role)) continue
    const named = promised.get(keyOf(artifact))
    if (!named) throw bad('it is there, and the release names no such thing, or it is there twice')
    if (named.digest !== descriptor.digest) throw bad(`it is there, and the release names ${named.digest}`)
    if (named.reference !== undefined && named.reference !== reference)
      throw bad(`it is there as ${reference}, and the release names it as ${named.reference}`)
    promised.delete(keyOf(artifact))
  }
  for (const [, one] of promised) throw absent(signed, one, 'the release names it, and it is not there')
}

/** Roles of what a release names one by one; what else an index has belongs to one of these, or is the release. */
const delivered: ReadonlySet<Artifact['role']> = new Set(['chart', 'image', 'file', 'extension'])

function promisesOf(signed: SignedRelease, { chart, images, files, extensions = [] }: Release): Map<string, Promised> {
  const all: Promised[] = [
    { ...chart, role: 'chart' },
    ...images.map((image) => ({ ...image, role: 'image' as const })),
    ...files.map((file) => ({ ...file, role: 'file' as const })),
    ...extensions.map((one) => ({ role: 'extension' as const, name: extensionArtifact(one), digest: one.digest })),
  ]
  const promised = new Map<string, Promised>()
  for (const one of all) {
    if (promised.has(keyOf(one))) throw absent(signed, one, 'the release names it twice')
    promised.set(keyOf(one), one)
  }
  return promised
}

/** What is wrong with the names of an artifact, by what it is to the release. */
function misnamed({ role, name, reference, descriptor }: Artifact, release: Release, own: string): string | undefined {
  const { [annotations.containerdName]: containerd } = descriptor.annotations ?? {}
  if (!isFullName(reference))
    return `it is there as ${reference}, and should be as HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST`
  if (reference === own) return `it is there as ${own}, which is the name of the release itself`
  if (containerd !== undefined && (role !== 'image' || containerd !== reference))
    return `it is there as ${reference}, and containerd would take it for the image ${containerd}`
  if (role === 'release' && name !== release.name) return `the release calls itself ${release.name}`
  if ((role === 'release' || role === 'original') && !reference.includes('@'))
    return `it is there as ${reference}, and should be named by its digest`
  return undefined
}

const absent = (signed: SignedRelease, { role, name, digest }: Promised, why: string): SealiftError =>
  unfit(signed, { role, name, descriptor: { digest } }, why)

const keyOf = ({ role, name }: { role: string; name: string }): string => `${role} ${name}`
