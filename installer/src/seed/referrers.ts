import { type Descriptor, isDocument, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { type Graph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { referrersTag, subjectOf } from '../stores/referrers.ts'
import type { RegistryStore } from '../stores/registry/store.ts'

/**
 * Where a registry has no referrers API, keeps the list of what refers to an image under the tag that stands in for it
 * (distribution-spec, "Referrers Tag Schema"). What stands there already stays.
 * @throws SealiftError REGISTRY_*
 */
export async function writeReferrerLists(graph: Graph, to: RegistryStore, signal?: AbortSignal): Promise<void> {
  for (const [place, referrers] of referrersBySubject(graph)) {
    const [repository, subject] = place.split('@') as [string, string]
    if ((await to.listed(repository, subject, signal)) !== undefined) continue
    const there = (await to.fallback(repository, subject, signal)) ?? []
    const added = referrers.filter(({ digest }) => !there.some((entry) => entry.digest === digest))
    if (added.length === 0) continue
    const list = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...there, ...added] }
    const bytes = toJson(list)
    const descriptor = { mediaType: mediaTypes.index, digest: digestOf(bytes), size: bytes.length }
    const options = signal ? { signal } : {}
    await to.write(repository, descriptor, async (offset) => one(bytes.subarray(offset)), options)
    await to.tag(`${repository}:${referrersTag(subject)}`, descriptor, signal)
  }
}

/** Descriptors of manifests with a `subject`, by `repository@digest` of what they refer to. */
function referrersBySubject(graph: Graph): Map<string, Descriptor[]> {
  const found = new Map<string, Descriptor[]>()
  for (const { descriptor, bytes, targets } of graph.nodes) {
    const subject = bytes && isDocument(descriptor.mediaType) ? subjectOf(descriptor.digest, bytes) : undefined
    if (subject === undefined || !bytes) continue
    for (const repository of targets) {
      const place = `${repositoryOf(repository)}@${subject}`
      found.set(place, [...(found.get(place) ?? []), described(descriptor, bytes)])
    }
  }
  return found
}

/** A descriptor as lists of referrers hold it: with the artifactType and annotations of the manifest itself. */
function described({ mediaType, digest, size }: Descriptor, bytes: Uint8Array): Descriptor {
  const { artifactType, config, annotations } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    artifactType?: string
    config?: { mediaType?: string }
    annotations?: Record<string, string>
  }
  const type = artifactType ?? config?.mediaType
  return { mediaType, digest, size, ...(type ? { artifactType: type } : {}), ...(annotations ? { annotations } : {}) }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
