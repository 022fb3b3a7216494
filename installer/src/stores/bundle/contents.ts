import { type Descriptor, isDigest, isIndex, isManifest, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { childrenOf, type Graph, type Node, readGraph } from '@sealift/bundle-spec/graph.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
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
  await verifyStructure(bundle)
  const graphs: Graph[] = []
  for (const { descriptor, reference } of bundle.artifacts)
    graphs.push(await readGraph(bundle.store, [{ descriptor, source: reference, target: reference }]))
  const holders = new Map<string, Set<string>>()
  const sizes = new Map<string, number>()
  for (const [i, { nodes }] of graphs.entries())
    for (const { descriptor } of nodes) {
      const held = holders.get(descriptor.digest) ?? new Set()
      holders.set(descriptor.digest, held.add(holderOf(bundle.artifacts[i] as Artifact)))
      sizes.set(descriptor.digest, descriptor.size)
    }
  const users = new Map([...holders].map(([digest, { size }]) => [digest, size]))
  const artifacts = bundle.artifacts.map(({ role, name, reference, descriptor }, i): ArtifactContents => {
    const { nodes, size } = graphs[i] as Graph
    // what an original reaches is its image's: only the document is its own
    const own =
      role === 'original'
        ? nodes.filter((node) => node.descriptor.digest === descriptor.digest)
        : nodes.filter((node) => users.get(node.descriptor.digest) === 1)
    return {
      role,
      name,
      reference,
      digest: descriptor.digest,
      size,
      own: own.reduce((sum, node) => sum + node.descriptor.size, 0),
      ...aboutOf(
        nodes.find((node) => node.descriptor.digest === descriptor.digest),
        reference,
      ),
      manifests: manifestsOf(nodes, users),
    }
  })
  return {
    artifacts,
    blobs: sizes.size,
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    unshared: artifacts.reduce((sum, { role, size, own }) => sum + (role === 'original' ? own : size), 0),
  }
}

/** Whose content counts as one: the vendor's own index of an image holds nothing that the image does not. */
const holderOf = ({ role, name, reference }: Artifact): string =>
  role === 'image' || role === 'original' ? `image ${name}` : `${role} ${reference}`

function manifestsOf(nodes: readonly Node[], users: ReadonlyMap<string, number>): Manifest[] {
  const platforms = new Map<string, string>()
  for (const { descriptor, bytes } of nodes)
    if (bytes && isIndex(descriptor.mediaType))
      for (const child of childrenOf(descriptor, bytes)) {
        const platform = platformOf(child)
        if (platform !== undefined) platforms.set(child.digest, platform)
      }
  return nodes.flatMap(({ descriptor, bytes }): Manifest[] => {
    if (!bytes || !isManifest(descriptor.mediaType)) return []
    const children = childrenOf(descriptor, bytes)
    const platform = platforms.get(descriptor.digest)
    const layers = children
      .slice(1)
      .map(({ digest, mediaType, size }) => ({ digest, mediaType, size, usedBy: users.get(digest) ?? 1 }))
    const size = children.reduce((sum, child) => sum + child.size, descriptor.size)
    return [{ digest: descriptor.digest, ...(platform === undefined ? {} : { platform }), size, layers }]
  })
}

/** The platform that a descriptor states; nobody has checked its fields yet. */
function platformOf({ platform }: Descriptor): string | undefined {
  const fields: unknown[] = [platform?.os, platform?.architecture, platform?.variant]
  const words = fields.filter((field) => typeof field === 'string' && field !== '')
  return words.length < 2 ? undefined : words.join('/')
}

/**
 * OCI image-spec, manifest.md: `artifactType` and `subject`. What cosign 2 stores has no subject, its tag says it:
 * `sha256-<hex>.sig`.
 */
function aboutOf(node: Node | undefined, reference: string): { artifactType?: string; subject?: string } {
  if (!node?.bytes) return {}
  const document = parseJson(node.bytes, `document ${node.descriptor.digest}`) as {
    artifactType?: unknown
    subject?: { digest?: unknown } | null
  }
  const { artifactType } = document
  const [, algorithm, hex] = /:(sha256)-([0-9a-f]{64})(?:\.[a-z]+)?$/.exec(reference) ?? []
  const subject = document.subject?.digest ?? `${algorithm}:${hex}`
  return {
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isDigest(subject) ? { subject } : {}),
  }
}
