import { type Descriptor, isIndex, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Client } from './client.ts'

/** bytes of a manifest that every registry takes (distribution-spec asks for 4 MiB, some keep to 1 MiB) */
const usualLimit = 1 << 20

const refused = (error: unknown): error is SealiftError =>
  error instanceof SealiftError && ['REGISTRY_REFUSED', 'REGISTRY_NOT_FOUND'].includes(error.code)

/** Says what it is about a document that a registry did not take, where that can be told; else the failure as it is. */
export function refusedDocument(
  client: Client,
  path: string,
  descriptor: Descriptor,
  bytes: Uint8Array,
  error: unknown,
): unknown {
  if (!refused(error) || /answered (5\d\d|429)/.test(error.why ?? '')) return error
  const { host, learned } = client
  const details = (fix: string) => ({ why: error.why, fix, cause: error })
  if (/answered 413/.test(error.why ?? '') || bytes.length > usualLimit)
    return new SealiftError(
      'REGISTRY_MANIFEST_SIZE',
      `registry ${host} takes no manifest of ${bytes.length} bytes (${path})`,
      details('raise its limit for manifests (often 1 MB by default)'),
    )
  if (isIndex(descriptor.mediaType)) {
    learned.indexes = false
    return new SealiftError(
      'REGISTRY_UNSUPPORTED',
      `registry ${host} does not take image indexes (${path})`,
      details('update the registry, or build the bundle for a single platform: --platform linux/amd64'),
    )
  }
  if (isArtifact(bytes)) {
    learned.artifacts = false
    return new SealiftError(
      'REGISTRY_UNSUPPORTED',
      `registry ${host} does not take OCI artifacts that are no images (${path})`,
      details('switch them on there, update it, or seed what the nodes pull only: --images-only'),
    )
  }
  return error
}

/** Says why a name could not be given: `now` is what it stands for at the registry. */
export function refusedTag(client: Client, reference: string, now: string | undefined, error: unknown): unknown {
  if (now === undefined || !(error instanceof SealiftError)) return error
  if (!['REGISTRY_REFUSED', 'REGISTRY_FORBIDDEN'].includes(error.code)) return error
  client.learned.immutableTags = true
  return new SealiftError('REGISTRY_TAG_IMMUTABLE', `${reference} stands for other content and cannot be changed`, {
    why: `${error.why}; it stands for ${now}`,
    fix: 'delete the tag there, allow tags to be overwritten, or seed below another path: --to HOST/PATH',
    cause: error,
  })
}

/** Whether a manifest is of something else than an image that a node can run. */
function isArtifact(bytes: Uint8Array): boolean {
  try {
    const { config, artifactType } = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const images: unknown[] = [mediaTypes.config, 'application/vnd.docker.container.image.v1+json']
    return artifactType !== undefined || !images.includes(config?.mediaType)
  } catch {
    return false
  }
}
