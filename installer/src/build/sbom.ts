import { annotations, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { asText, readSmallFile } from '../input/small-file.ts'
import type { MemoryStore } from '../stores/memory.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { artifactAs } from './artifact.ts'
import type { ResolvedImage } from './resolve.ts'
import type { ReleaseSource } from './source.ts'

/**
 * Attaches the SBOMs that release.yaml names to their images, as referrers: one manifest each, whose `subject` is what is
 * delivered (image-spec, manifest.md, "Guidelines for Artifact Usage").
 * @throws SealiftError BUILD_SBOM
 */
export async function attachSboms(
  source: ReleaseSource,
  resolved: readonly ResolvedImage[],
  made: MemoryStore,
): Promise<Artifact[]> {
  const attached = await Promise.all(
    source.images.map(async (entry, i) =>
      entry.sbom === undefined
        ? []
        : [await attach(entry.sbom, resolved[i] as ResolvedImage, made, source.placeOf(entry))],
    ),
  )
  return attached.flat()
}

async function attach(path: string, { image, repository }: ResolvedImage, made: MemoryStore, where: string) {
  const { bytes, type } = await readSbom(path, where)
  const { mediaType, digest, size } = image.descriptor
  const layer = made.put(bytes, type, { annotations: { [annotations.title]: `${image.name}.${extensions[type]}` } })
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: type,
    config: made.put(toJson({}), mediaTypes.empty),
    layers: [layer],
    subject: { mediaType, digest, size },
  }
  const descriptor = made.put(toJson(manifest), mediaTypes.manifest, { artifactType: type })
  return artifactAs('referrer', image.name, `${repository}@${descriptor.digest}`, descriptor)
}

const extensions = { 'application/vnd.cyclonedx+json': 'cdx.json', 'application/spdx+json': 'spdx.json' } as const
type SbomType = keyof typeof extensions

async function readSbom(path: string, where: string): Promise<{ bytes: Buffer; type: SbomType }> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUILD_SBOM', `${where}: ${path} is not an SBOM that can be attached`, {
      why,
      fix: 'write it as CycloneDX or SPDX, in JSON',
      cause,
    })
  const bytes = readSmallFile(path, limits.sbom, bad)
  const text = asText(bytes, bad)
  let document: { bomFormat?: unknown; spdxVersion?: unknown } | null
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw bad('it is not JSON', cause)
  }
  if (document?.bomFormat === 'CycloneDX') return { bytes, type: 'application/vnd.cyclonedx+json' }
  if (typeof document?.spdxVersion === 'string') return { bytes, type: 'application/spdx+json' }
  throw bad('it names neither bomFormat CycloneDX nor an spdxVersion')
}
