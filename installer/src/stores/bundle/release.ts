import { annotations, type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { namedBy } from '@sealift/bundle-spec/document.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ExtensionPart } from '@sealift/bundle-spec/extension.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { kindFault } from '@sealift/bundle-spec/kinds.ts'
import { Release } from '@sealift/bundle-spec/release.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import { readDocument, verified } from '@sealift/bundle-spec/verify.ts'
import Value from 'typebox/value'
import { type Artifact, releaseManifestIn, type SignedRelease, unfit } from '../signed-release.ts'
import { checkPromised } from './promised.ts'

/**
 * Reads the release manifest, proven against the signed index, and compares the two: no verb has a release of which the
 * index names something else (`checkPromised`).
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
  const artifact = releaseManifestIn(bundle)
  const [layer] = await layersOf(bundle, artifact)
  const bytes = await readDocument(layer, () => bundle.store.open(artifact.reference, layer), bundle.store.origin)
  const release = parseJson(bytes, 'the release manifest')
  if (!Value.Check(Release, release)) {
    const [first] = Value.Errors(Release, release)
    throw new SealiftError('BUNDLE_RELEASE', `${bundle.path} has a release manifest that this version cannot read`, {
      why: `${first?.instancePath || 'it'} ${first?.message ?? 'does not fit'}`,
      fix: 'use the sealift executable that the vendor delivered with it',
    })
  }
  checkPromised(bundle, release)
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
  const layers = await layersOf(bundle, artifact)
  return opened(
    bundle,
    artifact,
    layers.find(({ annotations: given }) => given?.[annotations.title] === vsix) as Descriptor,
  )
}

const vsix: ExtensionPart = 'vsix'

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
  const [layer] = await layersOf(bundle, artifact)
  return opened(bundle, artifact, layer)
}

const opened = (bundle: SignedRelease, { reference }: Artifact, descriptor: Descriptor) => ({
  descriptor,
  bytes: async () => explaining(bundle, () => bundle.store.open(reference, descriptor), descriptor),
})

/** Content, hashed as it is read; a failure says what is behind it. */
async function* explaining(bundle: SignedRelease, open: () => Promise<Bytes>, descriptor: Descriptor): Bytes {
  try {
    yield* verified(descriptor, await open(), bundle.store.origin)
  } catch (error) {
    throw (await bundle.explain?.(error)) ?? error
  }
}

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

/** The layers that its role gives it. @throws SealiftError BUNDLE_RELEASE */
async function layersOf(bundle: SignedRelease, artifact: Artifact): Promise<[Descriptor, ...Descriptor[]]> {
  const { descriptor, reference } = artifact
  const bytes = await readDocument(descriptor, () => bundle.store.open(reference, descriptor), bundle.store.origin)
  const named = isDocument(descriptor.mediaType) ? namedBy(descriptor, bytes) : undefined
  const why = kindFault(artifact, named)
  if (why !== undefined) throw unfit(bundle, artifact, why)
  return named?.children.slice(1) as [Descriptor, ...Descriptor[]]
}
