import { isDigest } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { repositoryOf } from './graph.ts'
import { isTag, namesHost } from './repository-name.ts'
import { atSite, checkRegistry } from './site.ts'

/** The name of a release in a registry: by version, by digest, or both. */
export interface ReleaseName {
  /** `host[:port]/path`, without tag and digest */
  repository: string
  /** the version as a tag */
  tag?: string
  /** of the artifact that holds the signed index */
  digest?: string
}

/**
 * Takes the name of a release apart. Its host is written out: no registry is meant where none is named.
 * @throws SealiftError USAGE_REFERENCE
 */
export function parseReleaseName(name: string): ReleaseName {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('USAGE_REFERENCE', `${JSON.stringify(name.slice(0, 200))} is not the name of a release`, {
      why,
      fix: 'write HOST[:PORT]/REPOSITORY:VERSION, as sealift seed said it; for example registry.vendor.example/cde/release:0.1.0',
      cause,
    })
  if (name.includes('://')) throw bad('it is a name and no URL')
  const [tagged = '', digest, ...more] = name.split('@') as [string, ...string[]]
  const repository = repositoryOf(tagged)
  const tag = tagged === repository ? undefined : tagged.slice(repository.length + 1)
  if (more.length > 0 || (digest !== undefined && !isDigest(digest)))
    throw bad('its digest is not sha256 in lower-case hex')
  if (tag !== undefined && !isTag(tag)) throw bad('its version is not one that a tag can be')
  if (tag === undefined && digest === undefined) throw bad('it names neither version nor digest')
  const [host = '', ...path] = repository.split('/')
  if (path.length === 0 || !namesHost(host)) throw bad('it names no host')
  try {
    checkRegistry(repository)
  } catch (cause) {
    throw bad('its repository holds characters that are not allowed', cause)
  }
  return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

/** A version as a tag: `+` is not allowed in one, Helm writes `_` (helm.sh, "Use OCI-based registries"). */
export const versionTag = (version: string): string => version.replace('+', '_')

/**
 * The name by which a registry holds the signed index of a release, given the reference of its release manifest: the
 * same repository, with the version as tag.
 */
export const releaseNameOf = (releaseManifest: string, version: string): string =>
  `${repositoryOf(releaseManifest)}:${versionTag(version)}`

/**
 * Which registry (`host[:port]` with an optional path) stands for the vendor's host, where the vendor's `reference` is
 * found as `repository`: `atSite` turned around. Undefined where it can't be.
 */
export function registryOf(repository: string, reference: string): string | undefined {
  const path = atSite(repositoryOf(reference), '')
  return repository.length > path.length && repository.endsWith(path) ? repository.slice(0, -path.length) : undefined
}
