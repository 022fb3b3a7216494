import { annotations, checkDescriptor, type Descriptor, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { keyHint, verifyMessage } from '@sealift/bundle-spec/signature.ts'
import type { SignedIndex } from '@sealift/bundle-spec/signed-index.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'

/** An artifact that the signed index names. `reference` is a full one, with the vendor's host. */
export interface Artifact {
  descriptor: Descriptor
  reference: string
  role: Role
  name: string
}

/** A release whose signature held, wherever its content is: in a bundle file, or in a registry. */
export interface SignedRelease {
  /** what people call it: the path of a bundle, a name in a registry */
  path: string
  /** its content, under the vendor's names; hashed by whoever reads it */
  store: ContentStore
  artifacts: readonly Artifact[]
  /** digest of index.json: what the signature is over */
  indexDigest: string
  /** hint of the key that signed: base64(SHA-256(DER SubjectPublicKeyInfo)) */
  signedBy: string
  /** Finds what is behind a failure to read it, where the place can tell. */
  explain?(error: unknown): Promise<unknown>
}

/**
 * Checks the signature of an index before it looks at anything of it, then reads what it names.
 * @param trust public keys (PEM, SPKI) that may have signed it
 * @throws SealiftError BUNDLE_SIGNATURE, BUNDLE_UNTRUSTED, BUNDLE_FORMAT, BUNDLE_DESCRIPTOR, BUNDLE_JSON, USAGE_TRUST
 */
export function openSignedIndex(
  { index, signature }: SignedIndex,
  trust: readonly string[],
): Pick<SignedRelease, 'artifacts' | 'indexDigest' | 'signedBy'> {
  const key = verifyMessage(index, signature, trust)
  return { artifacts: readIndex(index), indexDigest: digestOf(index), signedBy: keyHint(key) }
}

/** What helps where the vendor signed what is not right. */
export const builtAnew = 'ask the vendor to build it anew: it was signed like this, to carry it again does not help'

/**
 * The failure of a release of which an artifact is not what it should be. `why`: what is there, and what should be.
 */
export const unfit = (
  { path }: Pick<SignedRelease, 'path'>,
  { role, name, descriptor }: Pick<Artifact, 'role' | 'name'> & { descriptor: Pick<Descriptor, 'digest'> },
  why: string,
): SealiftError =>
  new SealiftError('BUNDLE_RELEASE', `${path} cannot be installed: ${role} ${name}, ${descriptor.digest}`, {
    why,
    fix: builtAnew,
  })

/**
 * The artifact that holds the release manifest.
 * @throws SealiftError BUNDLE_RELEASE where the index names none, or several
 */
export function releaseManifestIn({ artifacts, path }: Pick<SignedRelease, 'artifacts' | 'path'>): Artifact {
  const [manifest, ...more] = artifacts.filter(({ role }) => role === 'release')
  if (!manifest || more.length > 0)
    throw new SealiftError('BUNDLE_RELEASE', `the index of ${path} does not name exactly one release`, {
      why: `${artifacts.filter(({ role }) => role === 'release').length} are there`,
      fix: builtAnew,
    })
  return manifest
}

/** Finds the artifact of a reference under the vendor's names, by its own name or by digest in its repository. */
export function artifactFinder(artifacts: readonly Artifact[]): (reference: string) => Artifact | undefined {
  const byDigest = artifacts.map((artifact) => {
    const { reference, descriptor } = artifact
    return [`${repositoryOf(reference)}@${descriptor.digest}`, artifact] as const
  })
  // its own name counts before that of another, the first before a later one
  const named = artifacts.map((artifact) => [artifact.reference, artifact] as const)
  const all = new Map([...byDigest.reverse(), ...named])
  return (reference) => all.get(reference)
}

function readIndex(bytes: Uint8Array): Artifact[] {
  const index = parseJson(bytes, 'index.json') as { manifests?: unknown; layers?: unknown } | null
  if (!Array.isArray(index?.manifests) || index.layers !== undefined)
    throw new SealiftError('BUNDLE_FORMAT', 'index.json is not an OCI image index')
  const seen = new Set<string>()
  return index.manifests.map((value) => {
    const descriptor = checkDescriptor(value, 'index.json')
    const {
      [annotations.refName]: reference,
      [annotations.role]: role,
      [annotations.name]: name,
    } = descriptor.annotations ?? {}
    if (!reference || !role || !name)
      throw new SealiftError('BUNDLE_FORMAT', `index.json does not say what ${descriptor.digest} is`)
    if (reference.length > limits.referenceLength || !/^[A-Za-z0-9[][A-Za-z0-9._:/@[\]+-]*$/.test(reference))
      throw new SealiftError('BUNDLE_FORMAT', `index.json gives ${descriptor.digest} a name that is no reference`)
    if (reference.includes('@') && !reference.endsWith(`@${descriptor.digest}`))
      throw new SealiftError('BUNDLE_FORMAT', `index.json gives ${descriptor.digest} the name of another digest`)
    if (seen.has(reference)) throw new SealiftError('BUNDLE_FORMAT', `index.json has the name ${reference} twice`)
    seen.add(reference)
    return { descriptor, reference, role: role as Role, name }
  })
}
