import { annotations, type Descriptor, mediaTypes, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import type { MemoryStore } from '../stores/memory.ts'
import type { Artifact } from '../stores/signed-release.ts'

/**
 * Makes an OCI artifact of one layer or several (image-spec, manifest.md, "Guidelines for Artifact Usage"): config is the empty
 * document unless one is given, and the manifest goes to the store.
 */
export function makeArtifact(
  store: MemoryStore,
  layers: Descriptor | readonly Descriptor[],
  kind: { artifactType: string } | { config: Descriptor },
): Descriptor {
  const config = 'config' in kind ? kind.config : store.put(toJson({}), mediaTypes.empty)
  const artifactType = 'artifactType' in kind ? { artifactType: kind.artifactType } : {}
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...artifactType,
    config,
    layers: [layers].flat(),
  }
  return store.put(toJson(manifest), mediaTypes.manifest, artifactType)
}

/** The descriptor by which index.json names an artifact: what it is, what it is called, and the name containerd takes. */
export function indexEntry(artifact: Artifact): Descriptor {
  const { mediaType, digest, size, artifactType } = artifact.descriptor
  const platforms = artifact.descriptor.annotations?.[annotations.platforms]
  return {
    mediaType,
    digest,
    size,
    ...(artifactType ? { artifactType } : {}),
    annotations: {
      ...(artifact.role === 'image' ? { [annotations.containerdName]: artifact.reference } : {}),
      [annotations.role]: artifact.role,
      [annotations.name]: artifact.name,
      [annotations.refName]: artifact.reference,
      ...(platforms === undefined ? {} : { [annotations.platforms]: platforms }),
    },
  }
}

/** An artifact under its reference. */
export const artifactAs = (role: Role, name: string, reference: string, descriptor: Descriptor): Artifact => ({
  role,
  name,
  reference,
  descriptor,
})
