import { type Descriptor, isIndex, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { namedBy } from '@sealift/bundle-spec/document.ts'
import type { Graph, Node } from '@sealift/bundle-spec/graph.ts'
import { taggedSubject } from '../referrers.ts'
import type { Artifact } from '../signed-release.ts'
import type { Bundle } from './open.ts'
import { verifyStructure } from './verify.ts'

/** A layer of a manifest. Sizes are in bytes as it is stored, compressed or not. */
export interface Layer {
  digest: string
  mediaType: string
  size: number
  /** artifacts of the bundle that hold it, this one counted; an image and its original are one */
  usedBy: number
}

/** A manifest that an artifact is or, for an index, lists. */
export interface Manifest {
  digest: string
  /** `os/architecture[/variant]`, where an index says it */
  platform?: string
  /** bytes of the manifest, its config and its layers */
  size: number
  layers: Layer[]
}

/** An artifact that the index of a bundle names. */
export interface ArtifactContents {
  role: Role
  name: string
  reference: string
  digest: string
  /** bytes of all that it reaches, and bytes of what no other artifact reaches; of an original, of its document */
  size: number
  own: number
  artifactType?: string
  /** digest that it says something about: set for an SBOM, a signature, an attestation */
  subject?: string
  manifests: Manifest[]
}

export interface Contents {
  artifacts: ArtifactContents[]
  /** blobs and documents of the bundle, each counted once */
  blobs: number
  /** bytes of all blobs, each once, and once for each artifact that holds it */
  size: number
  unshared: number
}

/**
 * What a bundle holds: artifact by artifact, manifest by manifest, layer by layer, with what is shared. Reads documents
 * only, each proven.
 * @throws SealiftError BUNDLE_*
 */
export async function contentsOf(bundle: Bundle): Promise<Contents> {
  const graph = await verifyStructure(bundle)
  const users = usersOf(bundle.artifacts, graph)
  const documents = new Map(graph.nodes.flatMap((node) => describedBy(node, users)))
  const listed = new Map<readonly Node[], Manifest[]>()
  const artifacts = bundle.artifacts.map((artifact): ArtifactContents => {
    const { role, name, reference, descriptor } = artifact
    const nodes = graph.reachedBy(artifact)
    const manifests = listed.get(nodes) ?? manifestsOf(nodes, documents)
    listed.set(nodes, manifests)
    // what an original reaches is its image's: only the document is its own
    const own =
      role === 'original' ? descriptor.size : sizeOf(nodes.filter((node) => users.get(node.descriptor.digest) === 1))
    const { artifactType, subject = taggedSubject(reference) } = documents.get(descriptor.digest) ?? {}
    return {
      role,
      name,
      reference,
      digest: descriptor.digest,
      size: sizeOf(nodes),
      own,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(subject === undefined ? {} : { subject }),
      manifests,
    }
  })
  return {
    artifacts,
    blobs: graph.nodes.length,
    size: graph.size,
    unshared: artifacts.reduce((sum, { role, size, own }) => sum + (role === 'original' ? own : size), 0),
  }
}

const sizeOf = (nodes: readonly Node[]): number => nodes.reduce((sum, { descriptor: { size } }) => sum + size, 0)

/** How many artifacts hold each content. An image and the vendor's own index of it are one: that holds nothing that the image does not. */
function usersOf(artifacts: readonly Artifact[], graph: Graph): ReadonlyMap<string, number> {
  const holders = Map.groupBy(artifacts, ({ role, name, reference }) =>
    role === 'image' || role === 'original' ? `image ${name}` : `${role} ${reference}`,
  )
  const users = new Map<string, number>()
  for (const held of holders.values())
    for (const { descriptor } of new Set(held.flatMap((artifact) => graph.reachedBy(artifact))))
      users.set(descriptor.digest, (users.get(descriptor.digest) ?? 0) + 1)
  return users
}

/** What a document says of itself and of others. */
interface Described {
  artifactType?: string
  subject?: string
  /** of a manifest, its own lines */
  manifest?: Manifest
  /** of an index, the platforms of its entries by digest */
  platforms?: ReadonlyMap<string, string>
}

function describedBy({ descriptor, bytes, subject }: Node, users: ReadonlyMap<string, number>): [string, Described][] {
  if (!bytes) return []
  const { children, artifactType } = namedBy(descriptor, bytes)
  const about = {
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  }
  if (isIndex(descriptor.mediaType)) {
    const platforms = children.flatMap((child): [string, string][] => {
      const platform = platformOf(child)
      return platform === undefined ? [] : [[child.digest, platform]]
    })
    return [[descriptor.digest, { ...about, platforms: new Map(platforms) }]]
  }
  const layers = children
    .slice(1)
    .map(({ digest, mediaType, size }) => ({ digest, mediaType, size, usedBy: users.get(digest) ?? 1 }))
  const size = children.reduce((sum, child) => sum + child.size, descriptor.size)
  return [[descriptor.digest, { ...about, manifest: { digest: descriptor.digest, size, layers } }]]
}

function manifestsOf(nodes: readonly Node[], documents: ReadonlyMap<string, Described>): Manifest[] {
  const all = nodes.flatMap(({ descriptor }) => documents.get(descriptor.digest) ?? [])
  const platforms = new Map(all.flatMap((one) => [...(one.platforms ?? [])]))
  return all.flatMap(({ manifest }) => {
    if (!manifest) return []
    const { digest, ...more } = manifest
    const platform = platforms.get(digest)
    return [{ digest, ...(platform === undefined ? {} : { platform }), ...more }]
  })
}

/** The platform that a descriptor states; nobody has checked its fields yet. */
function platformOf({ platform }: Descriptor): string | undefined {
  const fields: unknown[] = [platform?.os, platform?.architecture, platform?.variant]
  const words = fields.filter((field) => typeof field === 'string' && field !== '')
  return words.length < 2 ? undefined : words.join('/')
}
