import { annotations, type Descriptor, mediaTypes } from './descriptor.ts'
import { childrenOf } from './document.ts'
import { SealiftError } from './error.ts'
import { parseJson, toJson } from './json.ts'
import { limits } from './limits.ts'
import { names } from './tar.ts'
import { digestOf } from './verify.ts'

/** What says all of a release: the bytes of `index.json`, and those of its signature. */
export interface SignedIndex {
  index: Uint8Array
  signature: Uint8Array
}

/** Content in memory. */
export interface Held {
  descriptor: Descriptor
  bytes: Uint8Array
}

/**
 * The OCI artifact as which a registry holds a signed index (SPEC.md, "A release in a registry"): its manifest and what
 * that names. It follows from the two files alone. No index, since most registries refuse one whose manifests are in
 * other repositories; the signature is a layer and no referrer, so that one name gives both or neither.
 */
export function signedIndexArtifact({ index, signature }: SignedIndex): { manifest: Held; parts: Held[] } {
  const config = held(toJson({}), mediaTypes.empty)
  const layers = [
    held(index, mediaTypes.signedIndex, names.index),
    held(signature, mediaTypes.sigstoreBundle, names.signature),
  ]
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.signedIndex,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  })
  return { manifest: held(manifest, mediaTypes.manifest), parts: [config, ...layers] }
}

const held = (bytes: Uint8Array, mediaType: string, title?: string): Held => ({
  bytes,
  descriptor: {
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    ...(title === undefined ? {} : { annotations: { [annotations.title]: title } }),
  },
})

/**
 * Which content of such an artifact is `index.json`, and which its signature. Nothing that the manifest says counts
 * further: it is not signed, the index is. `where` names it in errors.
 * @throws SealiftError BUNDLE_FORMAT, BUNDLE_UNSIGNED, BUNDLE_LIMIT, BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export function signedIndexParts(
  { descriptor, bytes }: Held,
  where: string,
): { index: Descriptor; signature: Descriptor } {
  const foreign = (why: string) =>
    new SealiftError('BUNDLE_FORMAT', `${where} is not a release`, {
      why,
      fix: 'name what sealift seed said: HOST/REPOSITORY:VERSION',
    })
  if (descriptor.mediaType !== mediaTypes.manifest) throw foreign('it is no artifact, but an index of images')
  const { artifactType } = parseJson(bytes, `document ${descriptor.digest}`) as { artifactType?: unknown }
  if (artifactType !== mediaTypes.signedIndex) throw foreign('it is an image, or an artifact of another type')
  const [, index, signature, ...more] = childrenOf(descriptor, bytes)
  if (index?.mediaType !== mediaTypes.signedIndex || more.length > 0) throw foreign('its layers are other ones')
  if (signature === undefined)
    throw new SealiftError('BUNDLE_UNSIGNED', `${where} is not signed`, {
      why: `it has no ${names.signature}`,
      fix: 'ask the vendor for the signed release',
    })
  if (signature.mediaType !== mediaTypes.sigstoreBundle) throw foreign('its signature is of another type')
  if (signature.size > limits.signature)
    throw new SealiftError('BUNDLE_LIMIT', `${where}: its signature is too large`, {
      why: `${signature.size} bytes, the limit is ${limits.signature}`,
    })
  return { index, signature }
}
