import { createHash } from 'node:crypto'
import { SealiftError } from './error.ts'

/** The platform an image runs on (OCI image-spec, image-index.md, `platform`). */
export interface Platform {
  os: string
  architecture: string
  variant?: string
  'os.version'?: string
  'os.features'?: string[]
}

/** OCI image-spec, descriptor.md. `size` is in bytes. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  artifactType?: string
  platform?: Platform
  annotations?: Record<string, string>
  /** the content itself, in base64 */
  data?: string
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  helmConfig: 'application/vnd.cncf.helm.config.v1+json',
  helmChart: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  /** artifactType of the release manifest */ release: 'application/vnd.sealift.release.v1+json',
  /** artifactType of a plain file that the release carries */ file: 'application/vnd.sealift.file.v1',
  /** artifactType of an extension of editors that the release carries */ extension:
    'application/vnd.sealift.extension.v1',
  /** artifactType of a signed index in a registry, and mediaType of its index.json */ signedIndex:
    'application/vnd.sealift.index.v1+json',
  sigstoreBundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const

export const annotations = {
  refName: 'org.opencontainers.image.ref.name',
  containerdName: 'io.containerd.image.name',
  title: 'org.opencontainers.image.title',
  /** what the artifact is to the release: see `roles` */ role: 'dev.sealift.role',
  /** the name that release.yaml gives it */ name: 'dev.sealift.name',
  /** on an original index: the platforms of it that the bundle holds, `linux/amd64,linux/arm64` */ platforms:
    'dev.sealift.platforms',
} as const

/**
 * What an artifact in the index is to the release. `original`: the vendor's index of an image of which not every platform
 * is delivered; `referrer`: a signature, SBOM or attestation of an image.
 */
export type Role = 'release' | 'image' | 'chart' | 'file' | 'extension' | 'original' | 'referrer'

const indexTypes: ReadonlySet<string> = new Set([mediaTypes.index, mediaTypes.dockerList])
const manifestTypes: ReadonlySet<string> = new Set([mediaTypes.manifest, mediaTypes.dockerManifest])

export const isIndex = (mediaType: string): boolean => indexTypes.has(mediaType)
export const isManifest = (mediaType: string): boolean => manifestTypes.has(mediaType)
/** True for content that a registry keeps under /manifests/, false for what it keeps under /blobs/. */
export const isDocument = (mediaType: string): boolean => isIndex(mediaType) || isManifest(mediaType)

const digestPattern = /^sha256:[0-9a-f]{64}$/

/** Accepts only sha256 in lower-case hex (OCI image-spec, descriptor.md, "Digests"). */
export const isDigest = (value: unknown): value is string => typeof value === 'string' && digestPattern.test(value)

/** The 64 hex digits of a digest. */
export const hexOf = (digest: string): string => digest.slice(7)

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/

/**
 * Checks one descriptor from an untrusted document; `where` names the document in the error.
 * @throws SealiftError BUNDLE_DESCRIPTOR
 */
export function checkDescriptor(value: unknown, where: string): Descriptor {
  const d = value as Partial<Descriptor> | null
  const bad = (what: string) => new SealiftError('BUNDLE_DESCRIPTOR', `${where} holds a descriptor with ${what}`)
  if (typeof d !== 'object' || d === null || Array.isArray(d)) throw bad('no fields')
  if (typeof d.mediaType !== 'string' || !mediaTypePattern.test(d.mediaType)) throw bad('a bad mediaType')
  if (!isDigest(d.digest)) throw bad('a digest that is not sha256 in lower-case hex')
  if (!Number.isSafeInteger(d.size) || (d.size as number) < 0) throw bad('a size that is not a whole number of bytes')
  if (d.annotations !== undefined) {
    if (typeof d.annotations !== 'object' || d.annotations === null) throw bad('annotations that are not an object')
    if (Object.values(d.annotations).some((v) => typeof v !== 'string')) throw bad('an annotation that is not text')
  }
  if (d.data !== undefined && !isContent(d.data, d as Descriptor)) throw bad('data that are not the content')
  return d as Descriptor
}

/** Whether `data` of a descriptor is what it describes (OCI image-spec, descriptor.md, "Embedded Content"). */
function isContent(data: unknown, { digest, size }: Descriptor): boolean {
  if (typeof data !== 'string') return false
  const bytes = Buffer.from(data, 'base64')
  return (
    bytes.length === size &&
    bytes.toString('base64') === data &&
    `sha256:${createHash('sha256').update(bytes).digest('hex')}` === digest
  )
}
