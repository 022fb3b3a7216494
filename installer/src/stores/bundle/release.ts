import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { childrenOf } from '@sealift/bundle-spec/document.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { partsOfExtension } from '@sealift/bundle-spec/extension.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { Release } from '@sealift/bundle-spec/release.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import { readDocument, verified } from '@sealift/bundle-spec/verify.ts'
import Value from 'typebox/value'
import type { Artifact, SignedRelease } from '../signed-release.ts'

/**
 * Reads the release manifest of a bundle, proven against the signed index.
 * @throws SealiftError BUNDLE_RELEASE, BUNDLE_CONTENT, BUNDLE_PART_CONTENT
 */
export async function readRelease(bundle: SignedRelease): Promise<{ release: Release; digest: string }> {
  try {
    return await readReleaseDocument(bundle)
  } catch (error) {
    throw (await bundle.explain?.(error)) ?? error
  }
}

async function readReleaseDocument(bundle: SignedRelease): Promise<{ release: Release; digest: string }> {
  const artifact = artifactOf(bundle, 'release')
  const layer = await singleLayer(bundle, artifact)
  if (layer.mediaType !== mediaTypes.release)
    throw new SealiftError('BUNDLE_RELEASE', `${bundle.path} has a release manifest of another type`)
  const bytes = await readDocument(layer, () => bundle.store.open(artifact.reference, layer), bundle.store.origin)
  const release = parseJson(bytes, 'the release manifest')
  if (!Value.Check(Release, release)) {
    const [first] = Value.Errors(Release, release)
    throw new SealiftError('BUNDLE_RELEASE', `${bundle.path} has a release manifest that this version cannot read`, {
      why: `${first?.instancePath || 'it'} ${first?.message ?? 'does not fit'}`,
      fix: 'use the sealift executable that the vendor delivered with it',
    })
  }
  return { release, digest: artifact.descriptor.digest }
}

/**
 * Opens a file that the release carries, such as `helm`; its bytes are hashed as they are read.
 * @throws SealiftError BUNDLE_NOT_FOUND
 */
export async function openFile(
  bundle: SignedRelease,
  name: string,
): Promise<{ descriptor: Descriptor; bytes: () => Promise<Bytes> }> {
  return openLayer(bundle, artifactOf(bundle, 'file', name))
}

/**
 * Opens the VSIX of an extension that the release carries, such as `acme.hello@1.2.3`; its bytes are hashed as they are read.
 * @throws SealiftError BUNDLE_NOT_FOUND, BUNDLE_RELEASE
 */
export async function openExtension(
  bundle: SignedRelease,
  name: string,
): Promise<{ descriptor: Descriptor; bytes: () => Promise<Bytes> }> {
  const artifact = artifactOf(bundle, 'extension', name)
  const { descriptor, reference } = artifact
  const manifest = await readDocument(descriptor, () => bundle.store.open(reference, descriptor), bundle.store.origin)
  const { vsix } = partsOfExtension(descriptor, manifest)
  if (!vsix) throw new SealiftError('BUNDLE_RELEASE', `${reference} does not have a VSIX`)
  return opened(bundle, artifact, vsix)
}

/** Opens the Helm chart archive (tar+gzip) that the release installs; its bytes are hashed as they are read. */
export async function openChart(
  bundle: SignedRelease,
): Promise<{ descriptor: Descriptor; bytes: () => Promise<Bytes> }> {
  return openLayer(bundle, artifactOf(bundle, 'chart'))
}

async function openLayer(
  bundle: SignedRelease,
  artifact: Artifact,
): Promise<{ descriptor: Descriptor; bytes: () => Promise<Bytes> }> {
  return opened(bundle, artifact, await singleLayer(bundle, artifact))
}

const opened = (bundle: SignedRelease, { reference }: Artifact, descriptor: Descriptor) => ({
  descriptor,
  bytes: async () => verified(descriptor, await bundle.store.open(reference, descriptor), bundle.store.origin),
})

function artifactOf(bundle: SignedRelease, role: Artifact['role'], name?: string): Artifact {
  const found = bundle.artifacts.filter(
    (artifact) => artifact.role === role && (name === undefined || artifact.name === name),
  )
  if (found.length !== 1)
    throw new SealiftError(
      'BUNDLE_NOT_FOUND',
      `${bundle.path} has ${found.length} artifacts of the kind ${role}${name ? ` named ${name}` : ''}`,
      {
        fix: `sealift bundle inspect ${bundle.path}`,
      },
    )
  return found[0] as Artifact
}

async function singleLayer(bundle: SignedRelease, artifact: Artifact): Promise<Descriptor> {
  const { descriptor, reference } = artifact
  const bytes = await readDocument(descriptor, () => bundle.store.open(reference, descriptor), bundle.store.origin)
  const [, layer, ...more] = childrenOf(descriptor, bytes)
  if (!layer || more.length > 0)
    throw new SealiftError('BUNDLE_RELEASE', `${artifact.reference} does not have exactly one layer`)
  return layer
}
