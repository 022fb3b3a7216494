import { type CopyProgress, type CopyResult, copyGraph } from '@sealift/bundle-spec/copy.ts'
import { isDocument, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import { firstOf } from '../stores/first.ts'
import { memoryStore } from '../stores/memory.ts'
import type { RegistryStore } from '../stores/registry/store.ts'
import type { UploadJournal } from '../stores/registry/upload-journal.ts'
import { knownSink } from './known-sink.ts'
import { type SeededOriginal, seedOriginals } from './originals.ts'
import { type NamePlan, type Plan, type Survey, surveyRegistry } from './plan.ts'
import { provenStore } from './proven.ts'
import { writeReferrerLists } from './referrers.ts'
import { ringStore } from './ring-store.ts'
import { signedIndexRoot } from './signed-index.ts'
import { keepVendorsNames } from './vendors-names.ts'

export interface SeedPlace {
  bundle: Bundle
  to: RegistryStore
  /** `host[:port]` with an optional path: what replaces the vendor's host in every name */
  registry: string
  /** what is seeded; by default everything. Originals are offered in any case */
  roles?: readonly Role[]
  signal?: AbortSignal
}

/** What is known before anything is sent. */
export interface Prepared {
  plan: Plan
  /** what the registry can do, as far as a trial shows; undefined where nothing has to be sent */
  can: Capabilities | undefined
  graph: Graph
  holders: Survey['holders']
  /** what is sent beside the content of the bundle file */
  made: ContentStore
  /** the name by which the release is found, `registry/repository:version`; undefined where it is not all seeded */
  release: string | undefined
}

export type Capabilities = Awaited<ReturnType<RegistryStore['probe']>>

export interface SeedOptions extends SeedPlace {
  /** names that stand for other content are given to the bundle's */
  replaceTags?: boolean
  /** remembers open uploads for the next run */
  journal?: UploadJournal
  /** what `prepareSeed` has found out just now, where it was asked */
  prepared?: Prepared
  onProgress?: (progress: CopyProgress) => void
}

export interface SeedResult extends CopyResult {
  plan: Plan
  /** the name by which the release is found, and the digest of what holds its signed index */
  release?: { reference: string; digest: string }
  /** names at the site and the digests that were read back under them */
  references: { reference: string; digest: string }[]
  /** vendors' own indexes of images of which not every platform is delivered, and whether the registry took them */
  originals: SeededOriginal[]
  /** what the registry turned out to be able to do; undefined where nothing had to be sent */
  capabilities?: Capabilities
}

/**
 * What seeding would do. Asks only.
 * @throws SealiftError REGISTRY_*, BUNDLE_*
 */
export async function planSeed(place: SeedPlace): Promise<Plan> {
  return (await surveyed(place)).plan
}

/**
 * Finds out what has to be done and how the registry takes content: what stops a seed stops it here, before it sends.
 * @throws SealiftError REGISTRY_TAG_TAKEN, REGISTRY_*, BUNDLE_*
 */
export async function prepareSeed(place: SeedPlace & Pick<SeedOptions, 'replaceTags'>): Promise<Prepared> {
  const { plan, graph, ...more } = await surveyed(place)
  const taken = plan.names.filter(({ now, digest }) => now !== undefined && now !== digest)
  if (taken.length > 0 && !place.replaceTags) throw tagsTaken(place.to, taken)
  const first = graph.roots[0]
  const missing = plan.send.parts + plan.mount.parts > 0 && first
  return {
    ...more,
    graph,
    plan,
    can: missing ? await place.to.probe(repositoryOf(first.target), place.signal) : undefined,
  }
}

/**
 * Puts everything a bundle holds into a registry, straight from the file, and its signed index under a name of its own.
 * What is there already is not sent; every blob that is sent is hashed on its way and refused before its upload ends where
 * it is damaged; manifests follow when all blobs are there, names when all manifests are; then each name is read back and
 * proven. So only the structure of the bundle needs to be verified before: `verifyStructure`.
 * @throws SealiftError REGISTRY_*, BUNDLE_*
 */
export async function seedRegistry(options: SeedOptions): Promise<SeedResult> {
  const { bundle, to, signal, onProgress } = options
  const { graph, plan, holders, can, made, release } = options.prepared ?? (await prepareSeed(options))
  const known: Graph = { ...graph, roots: graph.roots.filter((_, i) => plan.names[i]?.now !== plan.names[i]?.digest) }
  const result = await copyGraph(
    firstOf(made, provenStore(ringStore(bundle))),
    knownSink(to, holders, options.journal),
    known,
    {
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    },
  )
  await writeReferrerLists(graph, to, signal)
  // what was just found under its name, by digest, needs no second look
  const changed = can !== undefined || known.roots.length > 0
  const references = changed
    ? await readBack(graph, to, signal)
    : plan.names.map(({ reference, digest }) => ({ reference, digest }))
  const [first] = graph.roots
  const capabilities = can && first ? await to.learned(repositoryOf(first.target)) : undefined
  const originals = await seedOriginals(bundle, to, options.registry, signal)
  const found = references.find(({ reference }) => reference === release)
  return {
    ...result,
    plan,
    references,
    originals,
    ...(found ? { release: found } : {}),
    ...(capabilities ? { capabilities } : {}),
  }
}

async function surveyed(place: SeedPlace): Promise<Survey & Pick<Prepared, 'graph' | 'made' | 'release'>> {
  const { bundle, to, registry, roles, signal } = place
  const roots = bundle.artifacts
    .filter(({ role }) => role !== 'original')
    .filter(({ role }) => !roles || roles.includes(role))
    .map(({ descriptor, reference }) => ({ descriptor, source: reference, target: atSite(reference, registry) }))
  // whoever finds the release has to find all of it
  const signed = roles ? undefined : await signedIndexRoot(bundle, registry)
  const made = signed?.store ?? memoryStore()
  const all = signed ? [...roots, signed.root] : roots
  const graph = await readGraph(firstOf(made, bundle.store), all, signal ? { signal } : {})
  const survey = await surveyRegistry(graph, to, signal)
  return {
    made,
    release: signed?.root.target,
    holders: survey.holders,
    ...keepVendorsNames(bundle, graph, survey),
  }
}

/**
 * Reads each name back, hashed, and looks for the largest blob behind it: a registry that took something and lost it is
 * found out here and not by a node.
 */
async function readBack(graph: Graph, to: RegistryStore, signal?: AbortSignal): Promise<SeedResult['references']> {
  return await Promise.all(
    graph.roots.map(async ({ target: reference, descriptor: { digest } }) => {
      const { descriptor } = await to.read(reference, signal)
      if (descriptor.digest !== digest)
        throw new SealiftError('REGISTRY_PROTOCOL', `${reference} is answered with other content than was pushed`, {
          why: `pushed ${digest}, read back ${descriptor.digest}`,
          fix: `check whether something rewrites tags of ${repositoryOf(reference)}`,
        })
      const repository = repositoryOf(reference)
      const largest = graph.nodes
        .filter(({ descriptor: { mediaType }, targets }) => !isDocument(mediaType) && targets.includes(repository))
        .reduce<Graph['nodes'][number] | undefined>(
          (most, node) => (node.descriptor.size > (most?.descriptor.size ?? -1) ? node : most),
          undefined,
        )
      if (largest && !(await to.has(repository, largest.descriptor, signal)))
        throw new SealiftError('REGISTRY_PROTOCOL', `${repository} took a blob and does not have it`, {
          why: `${largest.descriptor.digest} was pushed, and is answered with 404`,
          fix: 'look at the log of the registry and of its storage',
        })
      return { reference, digest }
    }),
  )
}

function tagsTaken(to: RegistryStore, taken: readonly NamePlan[]): SealiftError {
  const [first] = taken as [NamePlan]
  return new SealiftError('REGISTRY_TAG_TAKEN', `${to.origin} has other content under ${taken.length} of the names`, {
    why: `for example ${first.reference}: ${first.now} there, ${first.digest} in the bundle`,
    fix: 'if these names are to change, add --replace-tags; otherwise seed below another path: --to HOST/PATH',
  })
}
