import { isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
// the module itself, not the package's entry: that one loads an HTTP client which is not needed here
import { parseRepoAndRef } from 'oci-registry-client/build/common.js'

/** A name taken apart. `host` is the one in the name (`docker.io` where there is none), `path` the repository in it. */
export interface Reference {
  host: string
  path: string
  tag?: string
  digest?: string
}

// OCI distribution-spec, "Pulling manifests": <name> and <reference>
const pathPattern = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const hostPattern = /^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$/

/**
 * Takes a full name apart and refuses what could mean something else in a URL.
 * @throws SealiftError USAGE_REFERENCE
 */
export function parseReference(reference: string): Reference {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('USAGE_REFERENCE', `${JSON.stringify(reference.slice(0, 200))} is not the name of an image`, {
      why,
      fix: 'write HOST[:PORT]/REPOSITORY:TAG or HOST[:PORT]/REPOSITORY@sha256:DIGEST',
      cause,
    })
  if (reference.length > limits.referenceLength) throw bad(`it is longer than ${limits.referenceLength} characters`)
  let parsed: ReturnType<typeof parseRepoAndRef>
  try {
    parsed = parseRepoAndRef(reference)
  } catch (cause) {
    throw bad((cause as Error).message.slice(0, 200), cause)
  }
  const { index, remoteName: path, tag, digest } = parsed
  if (!hostPattern.test(index.name)) throw bad('its host is not a host')
  if (path.length > 255 || !pathPattern.test(path)) throw bad('its repository holds characters that are not allowed')
  if (digest !== null && !isDigest(digest)) throw bad('its digest is not sha256 in lower-case hex')
  if (tag !== null && !tagPattern.test(tag)) throw bad('its tag holds characters that are not allowed')
  return { host: index.name, path, ...(tag === null ? {} : { tag }), ...(digest === null ? {} : { digest }) }
}

/**
 * The host and path of a repository, given by its full name or by a reference in it.
 * @throws SealiftError USAGE_REFERENCE
 */
export function parseRepository(repository: string): Pick<Reference, 'host' | 'path'> {
  const { host, path } = parseReference(repository)
  return { host, path }
}
