import { annotations, type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { migrationsFile, readMigrationsFile } from '@sealift/bundle-spec/migrations.ts'
import { readSmallFile } from '../input/small-file.ts'
import type { DownloadStore } from '../stores/downloads.ts'
import type { FileStore } from '../stores/files.ts'
import type { MemoryStore } from '../stores/memory.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { artifactAs, makeArtifact } from './artifact.ts'
import type { ReleaseSource } from './source.ts'

type File = ReleaseSource['files'][number]

export interface FileOptions {
  /** takes the manifests that are made */
  made: MemoryStore
  /** read the content of the two kinds */
  local: FileStore
  downloads: DownloadStore
  /** paths by name, which win over what release.yaml says */
  given: Readonly<Record<string, string>>
  /** full name below which each file gets its own */
  repository: string
  tag: string
}

const unusable = (path: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('USAGE_FILE', `the file ${path} cannot be read`, { why, fix: `ls -l ${path}`, cause })

/**
 * Makes an artifact of each file of a release.
 * @throws SealiftError USAGE_FILE, BUILD_DOWNLOAD, BUNDLE_MIGRATIONS
 */
export async function fileArtifacts(
  files: readonly File[],
  options: FileOptions,
): Promise<{ file: File; artifact: Artifact }[]> {
  const { made, local, downloads, given, repository, tag } = options
  const unknown = Object.keys(given).find((name) => !files.some((file) => file.name === name))
  if (unknown !== undefined)
    throw new SealiftError('USAGE_FILE', `the release has no file named ${unknown}`, {
      fix: `it has: ${files.map((file) => file.name).join(', ')}`,
    })

  async function contentOf({ name, path, url, sha256, size, plainHttp }: File): Promise<Descriptor> {
    const own = given[name] ?? path
    if (own !== undefined) {
      // read again a year later, by the upgrade at a site
      if (name === migrationsFile)
        readMigrationsFile(readSmallFile(own, limits.document, (why, cause) => unusable(own, why, cause)))
      return await local.add(own, 'application/octet-stream')
    }
    if (url !== undefined && sha256 !== undefined && size !== undefined)
      return downloads.add({ url, sha256, size, plainHttp }, 'application/octet-stream')
    throw new SealiftError('USAGE_FILE', `release.yaml leaves the path of file ${name} open`, {
      fix: `pass it: --file ${name}=PATH`,
    })
  }

  return await Promise.all(
    files.map(async (file) => {
      const layer = { ...(await contentOf(file)), annotations: { [annotations.title]: file.name } }
      const descriptor = makeArtifact(made, layer, { artifactType: mediaTypes.file })
      return { file, artifact: artifactAs('file', file.name, `${repository}/${file.name}:${tag}`, descriptor) }
    }),
  )
}
