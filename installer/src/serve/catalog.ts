import { type Descriptor, isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, type Node, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { listedReferrer } from '../stores/referrers.ts'

/** A manifest or index, and its bytes. */
export interface Document {
  descriptor: Descriptor
  bytes: Uint8Array
}

/** The names of a registry. A repository shows only what its own names reach. */
export interface Catalog {
  /** Names without a host, sorted. */
  repositories(): readonly string[]
  /** Sorted; undefined where there is no such repository. */
  tags(repository: string): readonly string[] | undefined
  /** The manifest or index of a tag or digest. */
  resolve(repository: string, reference: string): Document | undefined
  /** Anything, by digest. */
  contains(repository: string, digest: string): Descriptor | undefined
  /** Manifests whose `subject` is that digest, with artifactType and annotations in the descriptors. */
  referrers(repository: string, digest: string): readonly Descriptor[]
}

interface Repository {
  /** tag -> digest, and where it is from */
  tags: Map<string, { digest: string; origin: string; target: string }>
  content: Map<string, Node>
  /** by what they are about */
  referrers: Map<string, Node[]>
}

/** A graph to be shown; `origin` names the file that it is of. */
export interface Shelf {
  graph: Graph
  origin: string
}

/**
 * One catalog of several graphs: each root's target is a name, `host/repository:tag`, of which the host is left out;
 * nodes are in the repositories of the roots that reach them.
 * @throws SealiftError BUNDLE_CONFLICT where one name would stand for two contents
 */
export function catalogOf(shelves: readonly Shelf[]): Catalog {
  const repositories = new Map<string, Repository>()
  const at = (target: string): Repository => {
    const path = pathOf(target)
    const known = repositories.get(path)
    if (known) return known
    const made: Repository = { tags: new Map(), content: new Map(), referrers: new Map() }
    repositories.set(path, made)
    return made
  }
  for (const { graph, origin } of shelves) {
    for (const node of graph.nodes) for (const target of node.targets) addNode(at(target), node)
    for (const { descriptor, target } of graph.roots) {
      const name = repositoryOf(target)
      const tag = /^:([^@]+)/.exec(target.slice(name.length))?.[1]
      if (tag === undefined) continue
      const { tags } = at(name)
      const other = tags.get(tag)
      if (other && other.digest !== descriptor.digest)
        throw new SealiftError('BUNDLE_CONFLICT', `${pathOf(name)}:${tag} stands for two different contents`, {
          why: `${other.digest.slice(0, 19)} as ${other.target} in ${other.origin}, ${descriptor.digest.slice(0, 19)} as ${target} in ${origin}`,
          fix: 'serve the bundle that is meant, and leave the other one out',
        })
      tags.set(tag, { digest: descriptor.digest, origin, target })
    }
  }
  const names = [...repositories.keys()].sort()
  const tagNames = new Map([...repositories].map(([path, { tags }]) => [path, [...tags.keys()].sort()]))
  return {
    repositories: () => names,
    tags: (path) => tagNames.get(path),
    resolve(path, reference) {
      const repository = repositories.get(path)
      const digest = isDigest(reference) ? reference : repository?.tags.get(reference)?.digest
      const { descriptor, bytes } = (digest === undefined ? undefined : repository?.content.get(digest)) ?? {}
      return descriptor && bytes && { descriptor, bytes }
    },
    contains: (path, digest) => repositories.get(path)?.content.get(digest)?.descriptor,
    referrers: (path, digest) =>
      (repositories.get(path)?.referrers.get(digest) ?? []).map(({ descriptor, bytes }) =>
        listedReferrer(descriptor, bytes as Uint8Array),
      ),
  }
}

/** The same content may come from several graphs. */
function addNode({ content, referrers }: Repository, node: Node): void {
  const { descriptor, subject } = node
  if (content.has(descriptor.digest)) return
  content.set(descriptor.digest, node)
  if (subject === undefined) return
  const list = referrers.get(subject)
  if (list) list.push(node)
  else referrers.set(subject, [node])
}

const pathOf = (repository: string): string => repository.slice(repository.indexOf('/') + 1)
