import { createHash } from 'node:crypto'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import {
  type ExtensionPart,
  extensionArtifact,
  extensionId,
  partsOfExtension,
  type ReleaseExtension,
} from '@sealift/bundle-spec/extension.ts'
import type { Graph, Node } from '@sealift/bundle-spec/graph.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import semver from 'semver'

/** One VSIX that is offered. */
export interface Offered {
  extension: ReleaseExtension
  /** when its release was made */
  created: string
  /** what it consists of, its VSIX and manifest at least */
  parts: Partial<Record<ExtensionPart, Descriptor>>
}

/** An extension with all that is offered of it, the newest version first. */
export interface GalleryExtension {
  /** `publisher.name` in lower case */
  id: string
  /** UUID that always stands for this name */
  uuid: string
  offered: readonly [Offered, ...Offered[]]
}

/** The extensions that a registry offers to editors, in the order of their names. */
export type Gallery = readonly GalleryExtension[]

/**
 * The gallery of all extensions of several releases.
 * @param shelves `origin` names the file that a release is of
 * @throws SealiftError BUNDLE_CONFLICT where one name and version would stand for two contents, BUNDLE_RELEASE
 */
export function galleryOf(shelves: readonly { graph: Graph; release: Release; origin: string }[]): Gallery {
  const all = new Map<string, Offered & { origin: string }>()
  for (const { graph, release, origin } of shelves) {
    const nodes = new Map(graph.nodes.map((node) => [node.descriptor.digest, node]))
    for (const extension of release.extensions ?? []) {
      const name = extensionArtifact(extension)
      const other = all.get(name)
      if (other && other.extension.digest !== extension.digest)
        throw new SealiftError('BUNDLE_CONFLICT', `extension ${name} stands for two different contents`, {
          why: `one is in ${other.origin}, one in ${origin}`,
          fix: 'serve the bundle that is meant, and leave the other one out',
        })
      all.set(name, { extension, created: release.created, parts: partsIn(nodes, extension, origin), origin })
    }
  }
  const groups = Map.groupBy(all.values(), ({ extension }) => extensionId(extension))
  return [...groups.keys()].sort().map((id) => ({
    id,
    uuid: uuidOf(id),
    offered: (groups.get(id) as Offered[]).sort(newestFirst) as [Offered, ...Offered[]],
  }))
}

function partsIn(nodes: ReadonlyMap<string, Node>, extension: ReleaseExtension, origin: string): Offered['parts'] {
  const node = nodes.get(extension.digest)
  const parts = node?.bytes ? partsOfExtension(node.descriptor, node.bytes) : {}
  if (!parts.vsix || !parts.manifest)
    throw new SealiftError('BUNDLE_RELEASE', `${origin}: extension ${extensionArtifact(extension)} is not whole`, {
      why: 'its artifact does not have a VSIX and a manifest',
    })
  return parts
}

const newestFirst = ({ extension: a }: Offered, { extension: b }: Offered): number =>
  semver.rcompare(a.version, b.version, true) || (a.targetPlatform ?? '').localeCompare(b.targetPlatform ?? '', 'en')

/** A UUID made of a name (RFC 9562, section 5.8): the same at each start, as editors keep it. */
export function uuidOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
