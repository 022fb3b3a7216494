import { atOnce } from './at-once.ts'
import { checkDescriptor, type Descriptor, isDocument, isIndex } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { parseJson } from './json.ts'
import { limits } from './limits.ts'
import { platformsOf, selectPlatforms } from './platform.ts'
import { checkSame, statedSubject } from './stated.ts'
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
  sources: string[]
  targets: string[]
}

/** All that roots reach. `nodes` is in an order in which children come before the documents that name them. */
export interface Graph {
  roots: readonly Root[]
  nodes: readonly Node[]
  /** bytes of all nodes together, each once */
  size: number
}

interface Visited extends Node {
  /** what its document names, and the same with its subject */
  children: Descriptor[]
  named: Descriptor[]
  /** digests of those that belong to the graph */
  reached: Set<string>
  /** by which it has been come to: source, target and platforms */
  ways: Set<string>
}

/** The repository of a full reference: without `:tag` and `@digest`. */
export function repositoryOf(reference: string): string {
  const name = reference.split('@', 1)[0] as string
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
}

/**
 * The descriptors that a document names, in its order: OCI image-spec image-index.md `manifests`, manifest.md `config`
 * and `layers`. `urls` are never followed and `subject` points up, not down.
 * @throws SealiftError BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export function childrenOf(descriptor: Descriptor, bytes: Uint8Array): Descriptor[] {
  const where = `document ${descriptor.digest}`
  const document = parseJson(bytes, where) as Record<string, unknown> | null
  const bad = (why: string) => new SealiftError('BUNDLE_DOCUMENT', `${where} is not what its descriptor says`, { why })
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw bad('it is not an object')
  if (document.mediaType !== undefined && document.mediaType !== descriptor.mediaType)
    throw bad('its mediaType is another one')
  if ('manifests' in document && ('layers' in document || 'config' in document))
    throw bad('it claims to be an index and an image')
  const list = isIndex(descriptor.mediaType) ? document.manifests : document.layers
  if (!Array.isArray(list)) throw bad('it lists no content')
  const named = isIndex(descriptor.mediaType) ? list : [document.config, ...list]
  return named.map((child) => checkDescriptor(child, where))
}

/**
 * Reads the documents of a graph, each once, verified before it is followed; blobs are only counted. All that documents
 * name belongs to it, with one exception: a root whose own descriptor is limited to platforms (an original index, SPEC.md,
 * "Platforms") reaches only its entries of those.
 * @throws SealiftError BUNDLE_LIMIT for nesting or number beyond the limits, BUNDLE_DESCRIPTOR for one digest of which two
 * descriptors state different things
 */
export async function readGraph(
  from: ContentStore,
  roots: readonly Root[],
  options: { signal?: AbortSignal; concurrency?: number } = {},
): Promise<Graph> {
  const nodes = new Map<string, Visited>()
  const tooMuch = (why: string) =>
    new SealiftError('BUNDLE_LIMIT', `${from.origin}: the content is nested or split too much`, { why })

  async function visit(
    descriptor: Descriptor,
    source: string,
    target: string,
    depth: number,
    platforms?: readonly string[],
  ): Promise<void> {
    if (depth > limits.graphDepth) throw tooMuch(`more than ${limits.graphDepth} levels`)
    let node = nodes.get(descriptor.digest)
    if (node) checkSame(from.origin, node.descriptor, descriptor)
    const way = `${source} ${target} ${platforms?.join() ?? ''}`
    if (node?.ways.has(way)) return
    if (!node) {
      if (nodes.size >= limits.graphNodes) throw tooMuch(`more than ${limits.graphNodes} parts`)
      node = { descriptor, sources: [], targets: [], children: [], named: [], reached: new Set(), ways: new Set() }
      nodes.set(descriptor.digest, node)
    }
    node.ways.add(way)
    if (!node.sources.includes(source)) node.sources.push(source)
    if (!node.targets.includes(target)) node.targets.push(target)
    if (!isDocument(descriptor.mediaType)) return
    if (!node.bytes) {
      node.bytes = await readDocument(
        descriptor,
        () => from.open(source, descriptor, undefined, options.signal),
        from.origin,
      )
      node.children = childrenOf(descriptor, node.bytes)
      const subject = statedSubject(descriptor.digest, node.bytes)
      node.named = subject ? [...node.children, subject] : node.children
    }
    for (const child of platforms ? selectPlatforms(node.children, platforms) : node.children) {
      node.reached.add(child.digest)
      await visit(child, source, target, depth + 1)
    }
  }

  await atOnce(options.concurrency ?? 4, roots, ({ descriptor, source, target }) =>
    visit(descriptor, repositoryOf(source), repositoryOf(target), 0, platformsOf(descriptor)),
  )

  // also what is not followed, a subject or another platform, is what it is said to be where it is there
  for (const { named } of nodes.values())
    for (const descriptor of named) {
      const known = nodes.get(descriptor.digest)
      if (known) checkSame(from.origin, known.descriptor, descriptor)
    }

  const ordered: Node[] = []
  const placed = new Set<string>()
  const place = (digest: string) => {
    if (placed.has(digest)) return
    placed.add(digest)
    const { children: _, named: __, reached, ways: ___, ...node } = nodes.get(digest) as Visited
    for (const child of reached) place(child)
    ordered.push(node)
  }
  for (const root of roots) place(root.descriptor.digest)
  return { roots, nodes: ordered, size: ordered.reduce((sum, node) => sum + node.descriptor.size, 0) }
}
