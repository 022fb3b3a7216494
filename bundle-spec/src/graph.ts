import { atOnce } from './at-once.ts'
import { type Descriptor, isDocument } from './descriptor.ts'
import { namedBy } from './document.ts'
import { type Budget, graphBudget } from './graph-budget.ts'
import { valuesIn } from './json.ts'
import { limits } from './limits.ts'
import { platformsOf, selectPlatforms } from './platform.ts'
import { checkSame } from './stated.ts'
import type { ContentStore } from './store.ts'
import { readDocument } from './verify.ts'

/** A thing to move: what it is, where it is read from, and the name it gets (a full reference, with tag or digest). */
export interface Root {
  descriptor: Descriptor
  source: string
  target: string
}

/** Content of a graph, once for each digest, with all repositories that it is read from and belongs in. */
export interface Node {
  descriptor: Descriptor
  /** the document itself, for manifests and indexes */
  bytes?: Uint8Array
  /** digest of what a document is about */
  subject?: string
  /** each once, in the order of the roots */
  sources: readonly string[]
  targets: readonly string[]
}

/** All that roots reach. `nodes` is in an order in which children come before the documents that name them. */
export interface Graph {
  roots: readonly Root[]
  nodes: readonly Node[]
  /** bytes of all nodes together, each once */
  size: number
  /** What one of the roots reaches, itself the last. Roots of the same content share the array. */
  reachedBy(root: Pick<Root, 'descriptor'>): readonly Node[]
}

/** The repository of a full reference: without `:tag` and `@digest`. */
export function repositoryOf(reference: string): string {
  const name = reference.split('@', 1)[0] as string
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
}

/**
 * Reads the documents of a graph, each once, verified before it is followed; blobs are only counted. All that documents
 * name belongs to it, with one exception: a root whose own descriptor is limited to platforms (an original index, SPEC.md,
 * "Platforms") reaches only its entries of those.
 * @throws SealiftError BUNDLE_LIMIT for what is beyond the budget of a graph (SPEC.md, "Limits"), BUNDLE_DESCRIPTOR for one
 * digest of which two descriptors state different things
 */
export async function readGraph(
  from: ContentStore,
  roots: readonly Root[],
  options: { signal?: AbortSignal; concurrency?: number } = {},
): Promise<Graph> {
  const budget = graphBudget(from.origin)
  const views = await readViews(from, roots, budget, options)
  const reached = new Map<View, readonly Node[]>()
  const viewOf = ({ descriptor }: Pick<Root, 'descriptor'>) => views.get(viewKey(descriptor)) as View
  for (const [view, { length }] of Map.groupBy(roots, viewOf)) reached.set(view, reach(view, length, budget))
  const reachedBy = (root: Pick<Root, 'descriptor'>) => reached.get(viewOf(root)) ?? []

  for (const [kind, name] of [
    ['sources', 'source'],
    ['targets', 'target'],
  ] as const)
    for (const [repository, those] of Map.groupBy(roots, (root) => repositoryOf(root[name])))
      assign(kind, repository, union(new Set(those.map(reachedBy))))

  // a root that is limited comes last: another one may reach more of the same index
  const nodes = [
    ...union([...reached].sort(([a], [b]) => Number(a.isLimited) - Number(b.isLimited)).map(([, all]) => all)),
  ]
  return { roots, nodes, size: nodes.reduce((sum, { descriptor }) => sum + descriptor.size, 0), reachedBy }
}

/** Nearly all nodes are in one repository only, and share the array that names it. */
function assign(kind: 'sources' | 'targets', repository: string, nodes: Iterable<Node>): void {
  const only = [repository]
  for (const node of nodes) {
    const before = node[kind]
    if (before.length === 0) node[kind] = only
    else if (before.length === 1) node[kind] = [...before, repository]
    else (before as string[]).push(repository)
  }
}

const none: readonly never[] = []

/** A node as it is followed: in full, or as a root that is limited to platforms. */
interface View {
  node: Node
  children: readonly View[]
  /** number of descriptors by which its document names them: one may stand there twice */
  entries: number
  isLimited: boolean
  isFollowed: boolean
  /** levels below it, once they are known */
  height?: number
}

/** What a view is known by: content, and the platforms to which it is limited. */
const viewKey = (descriptor: Descriptor): string => [descriptor.digest, ...(platformsOf(descriptor) ?? [])].join()

/** Reads level by level. A view is read once, however many name it; what it does not follow is compared all the same. */
async function readViews(
  from: ContentStore,
  roots: readonly Root[],
  budget: Budget,
  { signal, concurrency = 4 }: { signal?: AbortSignal; concurrency?: number },
): Promise<ReadonlyMap<string, View>> {
  const views = new Map<string, View>()
  const unfollowed: Descriptor[] = []
  let next: { view: View; source: string; platforms?: readonly string[] }[] = []

  /** The node of a digest, in full but not followed yet. */
  function known(descriptor: Descriptor): View {
    const before = views.get(descriptor.digest)
    if (before) {
      checkSame(from.origin, before.node.descriptor, descriptor)
      return before
    }
    budget.spend('nodes', 1)
    const node = { descriptor: plain(descriptor), sources: none, targets: none }
    const view: View = { node, children: none, entries: 0, isLimited: false, isFollowed: false }
    views.set(descriptor.digest, view)
    return view
  }

  function follow(descriptor: Descriptor, source: string, platforms?: readonly string[]): View {
    const full = known(descriptor)
    const key = platforms ? viewKey(descriptor) : descriptor.digest
    const view = platforms ? (views.get(key) ?? { ...full, isLimited: true, isFollowed: false }) : full
    if (view.isFollowed) return view
    view.isFollowed = true
    views.set(key, view)
    if (isDocument(descriptor.mediaType)) {
      budget.spend('documents', descriptor.size)
      next.push({ view, source, ...(platforms ? { platforms } : {}) })
    }
    return view
  }

  for (const { descriptor, source } of roots) follow(descriptor, repositoryOf(source), platformsOf(descriptor))
  for (let depth = 0; next.length > 0; depth++) {
    if (depth > limits.graphDepth) throw budget.exceeded('depth')
    const level = next
    next = []
    await atOnce(concurrency, level, async ({ view, source, platforms }) => {
      const { node } = view
      const { descriptor } = node
      node.bytes ??= await readDocument(descriptor, () => from.open(source, descriptor, undefined, signal), from.origin)
      budget.spend('values', valuesIn(node.bytes))
      const { children, subject } = namedBy(descriptor, node.bytes)
      if (subject) {
        node.subject = subject.digest
        unfollowed.push(plain(subject))
      }
      const followed = new Set(platforms ? selectPlatforms(children, platforms) : children)
      view.entries = followed.size
      for (const child of children) if (!followed.has(child)) unfollowed.push(plain(child))
      view.children = [...new Set(Array.from(followed, (child) => follow(child, source)))]
    })
  }
  // also what is not followed, a subject or another platform, is what it is said to be where it is there
  for (const descriptor of unfollowed) {
    const view = views.get(descriptor.digest)
    if (view) checkSame(from.origin, view.node.descriptor, descriptor)
  }
  return views
}

/** All that a view reaches, children first, itself the last; `names` is how many roots are this view. */
function reach(root: View, names: number, budget: Budget): readonly Node[] {
  const seen = new Set<View>()
  const nodes: Node[] = []
  budget.spend('places', names)
  const visit = (view: View, depth: number): number => {
    if (depth > limits.graphDepth) throw budget.exceeded('depth')
    if (seen.has(view)) return view.height as number
    seen.add(view)
    budget.spend('places', names * view.entries)
    let height = 0
    for (const child of view.children) height = Math.max(height, visit(child, depth + 1) + 1)
    if (height > limits.graphDepth) throw budget.exceeded('depth')
    view.height = height
    nodes.push(view.node)
    return height
  }
  visit(root, 0)
  return nodes
}

function* flattened<T>(lists: Iterable<readonly T[]>): Generator<T> {
  for (const list of lists) yield* list
}

const union = <T>(lists: Iterable<readonly T[]>): Set<T> => new Set(flattened(lists))

/** What is kept of a descriptor: how its content is found and read. */
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size })
