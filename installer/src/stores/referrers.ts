import { type Descriptor, isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'

/** A manifest that refers to an image: a signature, an SBOM, an attestation. */
export interface Referrer {
  descriptor: Descriptor
  /** the tag under which cosign looks for it; those with a `subject` need none */
  tag?: string
}

/** A place that also knows what refers to its content. */
export interface ReferringStore extends ContentStore {
  /** What refers to a manifest or index of a repository; none is no error. */
  referrers(repository: string, digest: string, signal?: AbortSignal): Promise<Referrer[]>
}

export const knowsReferrers = (store: ContentStore): store is ReferringStore => 'referrers' in store

/** The tag that stands for an image where the registry has no referrers API (distribution-spec, "Referrers Tag Schema"). */
export const referrersTag = (digest: string): string => digest.replace(':', '-')

/** The tags that cosign gives to what it attaches to an image (cosign, specs/SIGNATURE_SPEC.md, "Storage"). */
export const cosignTags = (digest: string): string[] =>
  ['sig', 'att', 'sbom'].map((kind) => `${referrersTag(digest)}.${kind}`)

/**
 * The descriptor of a manifest as lists of referrers hold it (distribution-spec, "Listing Referrers"): with its annotations, and its
 * artifactType, for which the media type of its config stands in. The manifest was checked when it was read.
 */
export function listedReferrer({ mediaType, digest, size }: Descriptor, bytes: Uint8Array): Descriptor {
  const { artifactType, config, annotations } = parseJson(bytes, `document ${digest}`) as {
    artifactType?: unknown
    config?: { mediaType: string }
    annotations?: Record<string, string>
  }
  const type = artifactType ?? config?.mediaType
  return {
    mediaType,
    digest,
    size,
    ...(typeof type === 'string' && type !== '' ? { artifactType: type } : {}),
    ...(annotations ? { annotations } : {}),
  }
}

/** The digest that a manifest is about (image-spec, manifest.md, `subject`). */
export function subjectOf(digest: string, bytes: Uint8Array): string | undefined {
  const document = parseJson(bytes, `document ${digest}`) as { subject?: { digest?: unknown } } | null
  const subject = document?.subject?.digest
  return isDigest(subject) ? subject : undefined
}

/** The digest that something under one of these tags is about: what cosign 2 stores has no `subject`. */
export function taggedSubject(reference: string): string | undefined {
  const [, hex] = /:sha256-([0-9a-f]{64})(?:\.[a-z]+)?$/.exec(reference) ?? []
  return hex === undefined ? undefined : `sha256:${hex}`
}
