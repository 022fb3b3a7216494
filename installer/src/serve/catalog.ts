import { type Descriptor, isDigest, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Graph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'

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
  content: Map<string, Descriptor>
  documents: Map<string, Document>
  referrers: Map<string, Descriptor[]>
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
    const made: Repository = { tags: new Map(), content: new Map(), documents: new Map(), referrers: new Map() }
    repositories.set(path, made)
    return made
  }
  for (const { graph, origin } of shelves) {
    for (const { descriptor, bytes, targets } of graph.nodes)
      for (const target of targets) addNode(at(target), descriptor, bytes)
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
      return digest === undefined ? undefined : repository?.documents.get(digest)
    },
    contains: (path, digest) => repositories.get(path)?.content.get(digest),
    referrers: (path, digest) => repositories.get(path)?.referrers.get(digest) ?? [],
  }
}

/** The same content may come from several graphs. */
function addNode(repository: Repository, descriptor: Descriptor, bytes: Uint8Array | undefined): void {
  const { content, documents, referrers } = repository
  if (content.has(descriptor.digest)) return
  content.set(descriptor.digest, descriptor)
  if (!bytes) return
  documents.set(descriptor.digest, { descriptor, bytes })
  const referrer = referrerOf(descriptor, bytes)
  if (!referrer) return
  const list = referrers.get(referrer.subject)
  if (list) list.push(referrer.descriptor)
  else referrers.set(referrer.subject, [referrer.descriptor])
}

const pathOf = (repository: string): string => repository.slice(repository.indexOf('/') + 1)

/** OCI distribution-spec, "Listing Referrers": artifactType falls back to the config's mediaType. */
function referrerOf(
  descriptor: Descriptor,
  bytes: Uint8Array,
): { subject: string; descriptor: Descriptor } | undefined {
  const document = parseJson(bytes, `document ${descriptor.digest}`) as {
    subject?: { digest?: unknown }
    artifactType?: unknown
    config?: { mediaType?: unknown }
    annotations?: Record<string, string>
  }
  const subject = document.subject?.digest
  if (!isDigest(subject)) return undefined
  const { mediaType, digest, size } = descriptor
  const ownType = document.artifactType ?? (mediaType === mediaTypes.manifest ? document.config?.mediaType : undefined)
  return {
    subject,
    descriptor: {
      mediaType,
      digest,
      size,
      ...(typeof ownType === 'string' ? { artifactType: ownType } : {}),
      ...(document.annotations ? { annotations: document.annotations } : {}),
    },
  }
}
