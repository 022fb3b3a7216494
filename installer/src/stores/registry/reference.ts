import { isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { isRepositoryPath, isTag, namesHost } from '@sealift/bundle-spec/repository-name.ts'

/** A name taken apart. `host` is the one in the name (`docker.io` where there is none), `path` the repository in it. */
export interface Reference {
  host: string
  path: string
  tag?: string
  digest?: string
}

const hostPattern = /^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$/

/** how `docker login` and old names call Docker Hub */
const oldHub = 'index.docker.io'

/**
 * Takes a full name apart as container runtimes do (distribution, reference.ParseNormalizedNamed), and refuses what could
 * mean something else in a URL. The tag is `latest` where there is neither tag nor digest.
 * @throws SealiftError USAGE_REFERENCE
 */
export function parseReference(reference: string): Reference {
  const bad = (why: string) =>
    new SealiftError('USAGE_REFERENCE', `${JSON.stringify(reference.slice(0, 200))} is not the name of an image`, {
      why,
      fix: 'write HOST[:PORT]/REPOSITORY:TAG or HOST[:PORT]/REPOSITORY@sha256:DIGEST',
    })
  if (reference.length > limits.referenceLength) throw bad(`it is longer than ${limits.referenceLength} characters`)
  if (reference.includes('://')) throw bad('it is a name and no URL')
  const [tagged = '', digest, ...more] = reference.split('@') as [string, ...string[]]
  const repository = repositoryOf(tagged)
  const tag = tagged === repository ? undefined : tagged.slice(repository.length + 1)
  const [first = '', ...rest] = repository.split('/')
  const isNamed = rest.length > 0 && namesHost(first)
  const host = !isNamed || first === oldHub ? 'docker.io' : first
  const named = isNamed ? rest.join('/') : repository
  const path = host === 'docker.io' && !named.includes('/') ? `library/${named}` : named
  if (!hostPattern.test(host)) throw bad('its host is not a host')
  if (!isRepositoryPath(path)) throw bad('its repository holds characters that are not allowed')
  if (more.length > 0 || (digest !== undefined && !isDigest(digest)))
    throw bad('its digest is not sha256 in lower-case hex')
  if (tag !== undefined && !isTag(tag)) throw bad('its tag holds characters that are not allowed')
  if (digest !== undefined) return { host, path, ...(tag === undefined ? {} : { tag }), digest }
  return { host, path, tag: tag ?? 'latest' }
}

/**
 * The host and path of a repository, given by its full name or by a reference in it.
 * @throws SealiftError USAGE_REFERENCE
 */
export function parseRepository(repository: string): Pick<Reference, 'host' | 'path'> {
  const { host, path } = parseReference(repository)
  return { host, path }
}
