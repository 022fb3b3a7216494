import { annotations, type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import {
  type ExtensionPart,
  extensionArtifact,
  extensionId,
  type ReleaseExtension,
} from '@sealift/bundle-spec/extension.ts'
import { versionTag } from '@sealift/bundle-spec/release-name.ts'
import type { FileStore } from '../stores/files.ts'
import type { MemoryStore } from '../stores/memory.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { artifactAs, makeArtifact } from './artifact.ts'
import type { ReleaseSource } from './source.ts'
import { readVsix } from './vsix.ts'

/**
 * Makes an artifact of each extension of a release: its VSIX, and the manifest, readme and icon out of it.
 * @param options `made` takes manifests and what was taken out, `local` reads the files; each extension gets a name below
 * `repository`
 * @throws SealiftError USAGE_FILE, BUILD_EXTENSION
 */
export async function extensionArtifacts(
  source: Pick<ReleaseSource, 'extensions' | 'placeOfExtension'>,
  { made, local, repository }: { made: MemoryStore; local: FileStore; repository: string },
): Promise<{ extension: ReleaseExtension; artifact: Artifact }[]> {
  const found: { extension: ReleaseExtension; artifact: Artifact }[] = []
  for (const [i, { path }] of (source.extensions ?? []).entries()) {
    const place = source.placeOfExtension(i)
    const { about, manifest, readme, icon } = await readVsix(path, place)
    const vsix = await local.add(path, 'application/octet-stream')
    const layers = [
      titled(vsix, 'vsix'),
      titled(made.put(manifest, 'application/json'), 'manifest'),
      ...(readme ? [titled(made.put(readme, 'text/markdown'), 'readme')] : []),
      ...(icon
        ? [titled(made.put(icon.bytes, `image/${icon.type}`), icon.type === 'png' ? 'icon.png' : 'icon.jpg')]
        : []),
    ]
    const descriptor = makeArtifact(made, layers, { artifactType: mediaTypes.extension })
    const extension = { ...about, digest: descriptor.digest }
    const name = extensionArtifact(extension)
    if (found.some(({ artifact }) => artifact.name === name))
      throw new SealiftError('BUILD_EXTENSION', `${place}: ${name} is in the release already`, {
        why: 'two extensions of one name, version and platform could not be told apart',
        fix: 'leave one of them out of release.yaml',
      })
    const at = [repository, extensionId(extension), extension.targetPlatform].filter(Boolean).join('/')
    found.push({
      extension,
      artifact: artifactAs('extension', name, `${at}:${versionTag(extension.version)}`, descriptor),
    })
  }
  return found
}

const titled = (layer: Descriptor, title: ExtensionPart): Descriptor => ({
  ...layer,
  annotations: { [annotations.title]: title },
})
