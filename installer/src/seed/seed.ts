import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { type CopyProgress, type CopyResult, copyGraph } from '@sealift/bundle-spec/copy.ts'
import type { Role } from '@sealift/bundle-spec/descriptor.ts'
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
import { type ReadBack, type ReadBackStore, readBackStore } from './read-back.ts'
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
  /** the registry, as far as it has been read; after the seed its `prove` reads the rest */
  reader: ReadBackStore
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
  /** what was read of the registry: the content of each repository, no matter when it came there */
  readBack: ReadBack
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
  return (await naming(place.bundle, surveyed(place))).plan
}

/**
 * Finds out what has to be done and how the registry takes content: what stops a seed stops it here, before it sends.
 * @throws SealiftError REGISTRY_TAG_TAKEN, REGISTRY_*, BUNDLE_*
 */
export async function prepareSeed(place: SeedPlace & Pick<SeedOptions, 'replaceTags'>): Promise<Prepared> {
  return await naming(place.bundle, prepared(place))
}

/**
 * Puts everything a bundle holds into a registry, straight from the file, and its signed index under a name of its own.
 * What is there already is not sent; every blob that is sent is hashed on its way and refused before its upload ends where
 * it is damaged; manifests follow when all blobs are there, names when all manifests are. Nothing counts as there before it
 * was read back. So only the structure of the bundle needs to be verified before: `verifyStructure`.
 * @throws SealiftError REGISTRY_*, BUNDLE_*
 */
export async function seedRegistry(options: SeedOptions): Promise<SeedResult> {
  return await naming(options.bundle, seeded(options))
}

/** Names the parts of the bundle that a failure comes from. */
async function naming<T>(bundle: Bundle, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw (await bundle.explain?.(error)) ?? error
  }
}

async function prepared(place: SeedPlace & Pick<SeedOptions, 'replaceTags'>): Promise<Prepared> {
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

async function seeded(options: SeedOptions): Promise<SeedResult> {
  const { bundle, to, signal, onProgress } = options
  const { graph, plan, holders, can, made, reader, release } = options.prepared ?? (await prepared(options))
  const sink = knownSink(to, reader, holders, options.journal)
  const known: Graph = { ...graph, roots: graph.roots.filter((_, i) => plan.names[i]?.now !== plan.names[i]?.digest) }
  const result = await copyGraph(firstOf(made, provenStore(ringStore(bundle))), sink, known, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  await writeReferrerLists(graph, sink, reader, signal)
  const references = graph.roots.map(({ target, descriptor: { digest } }) => ({ reference: target, digest }))
  // what was just read under its name needs no second look
  if (can !== undefined || known.roots.length > 0)
    await atOnce(8, references, ({ reference, digest }) => reader.readName(reference, digest, signal))
  const [first] = graph.roots
  const capabilities = can && first ? await to.learned(repositoryOf(first.target)) : undefined
  const originals = await seedOriginals(bundle, sink, options.registry, signal)
  const found = references.find(({ reference }) => reference === release)
  return {
    ...result,
    plan,
    references,
    readBack: reader.readBack,
    originals,
    ...(found ? { release: found } : {}),
    ...(capabilities ? { capabilities } : {}),
  }
}

async function surveyed(place: SeedPlace): Promise<Survey & Pick<Prepared, 'graph' | 'made' | 'reader' | 'release'>> {
  const { bundle, to, registry, roles, signal } = place
  const roots = bundle.artifacts
    .filter(({ role }) => role !== 'original')
    .filter(({ role }) => !roles || roles.includes(role))
    .map(({ descriptor, reference }) => ({ descriptor, source: reference, target: atSite(reference, registry) }))
  // whoever finds the release has to find all of it
  const signed = roles ? undefined : await signedIndexRoot(bundle, registry)
  const made = signed?.store ?? memoryStore()
  const all = signed ? [...roots, signed.root] : roots
  const from = firstOf(made, bundle.store)
  const graph = await readGraph(from, all, signal ? { signal } : {})
  const reader = readBackStore(to, from)
  const survey = await surveyRegistry(graph, reader, signal)
  return {
    made,
    reader,
    release: signed?.root.target,
    holders: survey.holders,
    ...keepVendorsNames(bundle, graph, survey),
  }
}

function tagsTaken(to: RegistryStore, taken: readonly NamePlan[]): SealiftError {
  const [first] = taken as [NamePlan]
  return new SealiftError('REGISTRY_TAG_TAKEN', `${to.origin} has other content under ${taken.length} of the names`, {
    why: `for example ${first.reference}: ${first.now} there, ${first.digest} in the bundle`,
    fix: 'if these names are to change, add --replace-tags; otherwise seed below another path: --to HOST/PATH',
  })
}
