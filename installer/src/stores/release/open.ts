import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { parseReleaseName, registryOf, releaseNameOf, versionTag } from '@sealift/bundle-spec/release-name.ts'
import { type SignedIndex, signedIndexParts } from '@sealift/bundle-spec/signed-index.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { readRelease } from '../bundle/release.ts'
import {
  type Artifact,
  artifactFinder,
  openSignedIndex,
  releaseManifestIn,
  type SignedRelease,
} from '../signed-release.ts'
import { explainedFault } from './fault.ts'

/** A release in a registry whose signature held. `path` is its name with the digest that the name stood for. */
export interface RegistryRelease extends SignedRelease {
  release: Release
  /** of the release manifest */
  releaseDigest: string
  /** `host[:port]` with an optional path: what stands there for the vendor's host in every name */
  registry: string
}

export interface OpenReleaseOptions {
  /** `host/repository:version`, `host/repository@digest`, or both */
  name: string
  /** the registry, or what stands for it: nothing that it says is believed */
  from: ContentStore
  /** public keys (PEM, SPKI) that may have signed it */
  trust: readonly string[]
  signal?: AbortSignal
}

/**
 * Finds a release by its name in a registry (SPEC.md, "A release in a registry"). The name is resolved once; from there on
 * only digests count. The signature is checked before anything of the index is used, and the version that was asked for is
 * the one that is signed: who has the registry alone can't offer an older release as a newer one.
 * @throws SealiftError REGISTRY_NOT_FOUND, REGISTRY_OTHER_RELEASE, REGISTRY_INCOMPLETE, REGISTRY_*, BUNDLE_FORMAT,
 * BUNDLE_UNSIGNED, BUNDLE_UNTRUSTED, BUNDLE_SIGNATURE, BUNDLE_*, USAGE_REFERENCE, USAGE_TRUST
 */
export async function openRelease({ name, from, trust, signal }: OpenReleaseOptions): Promise<RegistryRelease> {
  const { repository, tag, digest } = parseReleaseName(name)
  const found = await from
    .resolve(digest === undefined ? name : `${repository}@${digest}`, signal)
    .catch((error: SealiftError) => {
      throw error.code === 'REGISTRY_NOT_FOUND' ? missing(name, error) : error
    })
  const path = `${tag === undefined ? repository : `${repository}:${tag}`}@${found.digest}`
  const other = (why: string) =>
    new SealiftError('REGISTRY_OTHER_RELEASE', `${name} is another release than its name says`, {
      why,
      fix: 'ask the vendor for the name and the digest of the release that is meant',
    })
  try {
    const read = (descriptor: typeof found) =>
      readDocument(descriptor, () => from.open(repository, descriptor, undefined, signal), from.origin)
    const parts = signedIndexParts({ descriptor: found, bytes: await read(found) }, path)
    const signed: SignedIndex = { index: await read(parts.index), signature: await read(parts.signature) }
    const opened = { path, ...openSignedIndex(signed, trust) }

    const own = releaseManifestIn(opened).reference
    const registry = registryOf(repository, own)
    if (registry === undefined)
      throw other(`the vendor signed it to be found as ${atSite(releaseNameOf(own, 'VERSION'), 'REGISTRY')}`)
    const content = { ...opened, store: contentAt(from, registry, opened.artifacts) }
    const { release, digest: releaseDigest } = await readRelease(content)
    if (tag !== undefined && tag !== versionTag(release.version))
      throw other(`${release.name} ${release.version} is what the vendor signed, and it was put there under this name`)
    return { ...content, registry, release, releaseDigest, explain: async (error) => explainedFault(error, path) }
  } catch (error) {
    throw explainedFault(error, path)
  }
}

const missing = (name: string, cause: SealiftError): SealiftError =>
  new SealiftError('REGISTRY_NOT_FOUND', `there is no release ${name}`, {
    why: cause.why,
    fix: 'check name and version; whoever fills this registry puts it there: sealift seed BUNDLE --to REGISTRY',
    cause,
  })

/** The content of a registry under the vendor's names. What a name stands for, the signed index says and nobody else. */
function contentAt(from: ContentStore, registry: string, artifacts: readonly Artifact[]): ContentStore {
  const find = artifactFinder(artifacts)
  return {
    origin: from.origin,
    async resolve(reference) {
      const artifact = find(reference)
      if (artifact) return artifact.descriptor
      throw new SealiftError('BUNDLE_NOT_FOUND', `the release does not hold ${reference}`)
    },
    has: (repository, descriptor, signal) => from.has(atSite(repository, registry), descriptor, signal),
    open: (repository, descriptor, range, signal) => from.open(atSite(repository, registry), descriptor, range, signal),
  }
}
