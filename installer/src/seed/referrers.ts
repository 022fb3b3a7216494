import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import type { Graph, Node } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { listedReferrer, referrersTag } from '../stores/referrers.ts'
import type { RegistryStore } from '../stores/registry/store.ts'
import type { ReadBackStore } from './read-back.ts'

/**
 * Where a registry has no referrers API, keeps the list of what refers to an image under the tag that stands in for it
 * (distribution-spec, "Referrers Tag Schema"). What stands there already stays.
 * @throws SealiftError REGISTRY_*
 */
export async function writeReferrerLists(
  graph: Graph,
  to: RegistryStore,
  reader: ReadBackStore,
  signal?: AbortSignal,
): Promise<void> {
  for (const [place, referrers] of referrersBySubject(graph)) {
    const [repository, subject] = place.split('@') as [string, string]
    if ((await to.listed(repository, subject, signal)) !== undefined) continue
    const there = (await to.fallback(repository, subject, signal)) ?? []
    const known = new Set(there.map(({ digest }) => digest))
    const added = referrers.filter(({ descriptor }) => !known.has(descriptor.digest))
    if (added.length === 0) continue
    const listed = added.map(({ descriptor, bytes }) => listedReferrer(descriptor, bytes as Uint8Array))
    const list = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...there, ...listed] }
    const bytes = toJson(list)
    const descriptor = { mediaType: mediaTypes.index, digest: digestOf(bytes), size: bytes.length }
    const options = signal ? { signal } : {}
    await to.write(repository, descriptor, async (offset) => one(bytes.subarray(offset)), options)
    const name = `${repository}:${referrersTag(subject)}`
    await to.tag(name, descriptor, signal)
    await reader.readName(name, descriptor.digest, signal)
  }
}

/** Manifests with a `subject`, by `repository@digest` of what they refer to. */
function referrersBySubject(graph: Graph): Map<string, Node[]> {
  const places = graph.nodes.flatMap((node) =>
    node.subject === undefined
      ? []
      : node.targets.map((repository) => ({ place: `${repository}@${node.subject}`, node })),
  )
  const grouped = Map.groupBy(places, ({ place }) => place)
  return new Map([...grouped].map(([place, those]) => [place, those.map(({ node }) => node)]))
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
