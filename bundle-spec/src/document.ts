import { checkDescriptor, type Descriptor, isIndex } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { parseJson } from './json.ts'

/** What a manifest or index says of other content. */
export interface Named {
  /** what it consists of, in its order: `manifests` of an index, `config` and `layers` of a manifest */
  children: Descriptor[]
  /** what it is about (OCI image-spec, manifest.md and image-index.md, `subject`) */
  subject?: Descriptor
  artifactType?: string
}

/**
 * Parses a document and checks every descriptor in it (OCI image-spec, image-index.md and manifest.md). `urls` are never
 * followed.
 * @throws SealiftError BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export function namedBy(descriptor: Descriptor, bytes: Uint8Array): Named {
  const where = `document ${descriptor.digest}`
  const document = parseJson(bytes, where) as Record<string, unknown> | null
  const bad = (why: string) => new SealiftError('BUNDLE_DOCUMENT', `${where} is not what its descriptor says`, { why })
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw bad('it is not an object')
  if (document.mediaType !== undefined && document.mediaType !== descriptor.mediaType)
    throw bad('its mediaType is another one')
  if ('manifests' in document && ('layers' in document || 'config' in document))
    throw bad('it claims to be an index and an image')
  const { artifactType, subject } = document
  const list = isIndex(descriptor.mediaType) ? document.manifests : document.layers
  if (!Array.isArray(list)) throw bad('it lists no content')
  const children = isIndex(descriptor.mediaType) ? list : [document.config, ...list]
  return {
    children: children.map((child) => checkDescriptor(child, where)),
    ...(subject === undefined || subject === null ? {} : { subject: checkDescriptor(subject, where) }),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  }
}

/** What a document consists of: `children` of `namedBy`. */
export const childrenOf = (descriptor: Descriptor, bytes: Uint8Array): Descriptor[] =>
  namedBy(descriptor, bytes).children
