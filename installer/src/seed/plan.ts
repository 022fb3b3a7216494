import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, type Node, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'

/** Numbers of parts (blobs, manifests) and bytes of them. */
export interface Amount {
  parts: number
  bytes: number
}

export interface RepositoryPlan {
  repository: string
  /** goes over the wire */
  send: Amount
  /** the registry takes it from another of its repositories, if it can */
  mount: Amount
  present: Amount
}

/** A name at the site, and what it stands for there now. */
export interface NamePlan {
  reference: string
  digest: string
  now?: string
}

/** What seeding would do. */
export interface Plan {
  repositories: RepositoryPlan[]
  names: NamePlan[]
  send: Amount
  mount: Amount
  present: Amount
}

export interface Survey {
  plan: Plan
  /** repositories that have the content, by digest */
  holders: ReadonlyMap<string, ReadonlySet<string>>
}

/** questions under way at once */
const concurrency = 16

/**
 * Asks a registry for everything that a graph wants to be there. Sends nothing.
 * @throws SealiftError REGISTRY_*
 */
export async function surveyRegistry(graph: Graph, to: ContentStore, signal?: AbortSignal): Promise<Survey> {
  const holders = new Map<string, Set<string>>(graph.nodes.map(({ descriptor }) => [descriptor.digest, new Set()]))
  const names: NamePlan[] = graph.roots.map(({ target, descriptor }) => ({
    reference: target,
    digest: descriptor.digest,
  }))
  const look = async (target: string, descriptor: Descriptor) => {
    if (await to.has(target, descriptor, signal)) holders.get(descriptor.digest)?.add(target)
  }
  const read = async (name: NamePlan) => {
    const now = await digestNow(to, name.reference, signal)
    if (now !== undefined) name.now = now
  }
  const [first, ...others] = [
    ...names.map((name) => () => read(name)),
    ...graph.nodes.flatMap(({ targets, descriptor }) => targets.map((target) => () => look(target, descriptor))),
  ]
  // alone: it logs in for all
  await first?.()
  await atOnce(concurrency, others, (ask) => ask())
  return { plan: planOf(graph, holders, names), holders }
}

/** The digest that a name stands for, undefined where there is no such name. */
async function digestNow(to: ContentStore, reference: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return (await to.resolve(reference, signal)).digest
  } catch (error) {
    if ((error as SealiftError).code?.endsWith('_NOT_FOUND')) return undefined
    throw error
  }
}

function planOf(graph: Graph, holders: ReadonlyMap<string, ReadonlySet<string>>, names: NamePlan[]): Plan {
  const repositories = new Map<string, RepositoryPlan>()
  for (const { target } of graph.roots) repositories.set(repositoryOf(target), emptyPlan(repositoryOf(target)))
  for (const node of graph.nodes)
    for (const target of node.targets) {
      const at = repositories.get(target) ?? emptyPlan(target)
      repositories.set(target, at)
      add(at[kindOf(node, target, holders.get(node.descriptor.digest))], node.descriptor.size)
    }
  const all = [...repositories.values()]
  const sum = (kind: 'send' | 'mount' | 'present'): Amount => ({
    parts: all.reduce((parts, at) => parts + at[kind].parts, 0),
    bytes: all.reduce((bytes, at) => bytes + at[kind].bytes, 0),
  })
  return { repositories: all, names, send: sum('send'), mount: sum('mount'), present: sum('present') }
}

function kindOf(node: Node, target: string, held: ReadonlySet<string> | undefined): 'send' | 'mount' | 'present' {
  if (held?.has(target)) return 'present'
  // documents are not mounted: they are small, and registries cannot
  if (isDocument(node.descriptor.mediaType)) return 'send'
  return (held && held.size > 0) || node.targets[0] !== target ? 'mount' : 'send'
}

const nothing = (): Amount => ({ parts: 0, bytes: 0 })
const emptyPlan = (repository: string): RepositoryPlan => ({
  repository,
  send: nothing(),
  mount: nothing(),
  present: nothing(),
})

function add(amount: Amount, bytes: number): void {
  amount.parts++
  amount.bytes += bytes
}
