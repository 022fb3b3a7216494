import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import { checkWhole } from '../bundle/whole.ts'
import { explainedFault } from './fault.ts'
import type { RegistryRelease } from './open.ts'

export interface VerifyReleaseOptions {
  signal?: AbortSignal
  /** called with parts that are there so far, and parts in all */
  onProgress?: (done: number, total: number) => void
}

/** questions under way at once */
const concurrency = 8

/**
 * Proves that a registry has all of a release: each document is read and hashed, each blob is there and as long as they
 * say, and all of it is what the release names (`checkWhole`). Layers are not read: whoever pulls them hashes them.
 * Originals may be absent (SPEC.md, "Platforms").
 * @throws SealiftError REGISTRY_INCOMPLETE, REGISTRY_*, BUNDLE_CONTENT, those of `readGraph` and `checkWhole`
 */
export async function verifyRelease(release: RegistryRelease, options: VerifyReleaseOptions = {}): Promise<Graph> {
  const { signal, onProgress } = options
  try {
    const there = await atOnce(concurrency, release.artifacts, async ({ role, descriptor, reference }) => {
      const isThere = role !== 'original' || (await release.store.has(repositoryOf(reference), descriptor, signal))
      return isThere ? [{ descriptor, source: reference, target: reference }] : []
    })
    const graph = await readGraph(release.store, there.flat(), { concurrency, ...(signal ? { signal } : {}) })
    await checkWhole(release, release.release, graph, signal)
    // where a document was read it is; it may have to be in more repositories
    const wanted = graph.nodes.flatMap(({ descriptor, bytes, sources }) =>
      sources.map((source, i) => ({ descriptor, source, there: i === 0 && bytes !== undefined })),
    )
    const missing: string[] = []
    let done = 0
    await atOnce(concurrency, wanted, async ({ descriptor, source, there }) => {
      if (!there && !(await release.store.has(source, descriptor, signal)))
        missing.push(`${atSite(source, release.registry)}@${descriptor.digest}`)
      onProgress?.(++done, wanted.length)
    })
    if (missing.length === 0) return graph
    throw new SealiftError(
      'REGISTRY_INCOMPLETE',
      `${release.registry} lacks ${missing.length} parts of ${release.path}`,
      {
        why: `for example ${missing[0]}`,
        fix: `whoever fills this registry puts them there: sealift seed BUNDLE --to ${release.registry}`,
      },
    )
  } catch (error) {
    throw explainedFault(error, release.path)
  }
}
