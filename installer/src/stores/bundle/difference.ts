import type { Role } from '@sealift/bundle-spec/descriptor.ts'
import type { Graph } from '@sealift/bundle-spec/graph.ts'
import { digestOfName, layOut } from '@sealift/bundle-spec/tar.ts'
import type { Artifact } from '../signed-release.ts'
import type { Bundle } from './open.ts'
import { verifyStructure } from './verify.ts'

export interface Change {
  role: Role
  name: string
  change: 'added' | 'removed' | 'changed' | 'same'
  from?: { reference: string; digest: string }
  to?: { reference: string; digest: string }
  /** bytes of it that the first bundle does not hold */
  new: number
}

export interface Blob {
  digest: string
  /** bytes */
  size: number
}

export interface Difference {
  artifacts: Change[]
  /** blobs that the second bundle has and the first has not, the other way round, and those that both have */
  blobs: { added: Blob[]; removed: Blob[]; kept: Blob[] }
  /** bytes of a bundle with the second one's index and only the blobs that the first has not */
  carry: number
}

/**
 * What changes from one bundle to another, and how many bytes it takes to carry only that. Artifacts are paired by role
 * and name. Reads documents, not blobs; both must be whole (`verifyStructure`).
 * @throws SealiftError BUNDLE_*
 */
export async function differenceOf(from: Bundle, to: Bundle): Promise<Difference> {
  const [, graph] = await Promise.all([verifyStructure(from), verifyStructure(to)])
  const had = blobsOf(from)
  const has = blobsOf(to)
  const pairs = new Map<string, { from?: Artifact; to?: Artifact }>()
  for (const [key, artifact] of keyed(to)) pairs.set(key, { to: artifact })
  for (const [key, artifact] of keyed(from)) pairs.set(key, { ...pairs.get(key), from: artifact })
  const artifacts = [...pairs.values()].map((pair) => changeOf(pair, graph, had))
  const added = has.filter(({ digest }) => !had.has(digest))
  const [, index, signature] = to.entries
  return {
    artifacts,
    blobs: {
      added,
      removed: had.filter(({ digest }) => !has.has(digest)),
      kept: has.filter(({ digest }) => had.has(digest)),
    },
    carry: layOut(index?.size ?? 0, signature?.size ?? 0, added).size,
  }
}

function changeOf(pair: { from?: Artifact; to?: Artifact }, graph: Graph, had: BlobSet): Change {
  const { from, to } = pair
  const { role, name } = (to ?? from) as Artifact
  const same = from?.descriptor.digest === to?.descriptor.digest
  const change = !from ? 'added' : !to ? 'removed' : same ? 'same' : 'changed'
  const fresh = to ? graph.reachedBy(to).filter(({ descriptor }) => !had.has(descriptor.digest)) : []
  return {
    role,
    name,
    change,
    ...(from ? { from: { reference: from.reference, digest: from.descriptor.digest } } : {}),
    ...(to ? { to: { reference: to.reference, digest: to.descriptor.digest } } : {}),
    new: fresh.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
  }
}

interface BlobSet {
  has(digest: string): boolean
  filter(keep: (blob: Blob) => boolean): Blob[]
}

function blobsOf(bundle: Bundle): BlobSet {
  const blobs = new Map(
    bundle.entries.slice(3).map(({ name, size }) => [digestOfName(name), { digest: digestOfName(name), size }]),
  )
  return { has: (digest) => blobs.has(digest), filter: (keep) => [...blobs.values()].filter(keep) }
}

/** Artifacts by role and name; where several share both (an SBOM for each platform), the later ones by their place too. */
function* keyed(bundle: Bundle): Generator<[string, Artifact]> {
  const times = new Map<string, number>()
  for (const artifact of bundle.artifacts) {
    const key = JSON.stringify([artifact.role, artifact.name])
    const before = times.get(key) ?? 0
    times.set(key, before + 1)
    yield [`${key} ${before}`, artifact]
  }
}
