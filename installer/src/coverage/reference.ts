import { isRepositoryPath, namesHost } from '@sealift/bundle-spec/repository-name.ts'

/** The parts of an image reference; `tag` and `digest` are absent where the text does not have them. */
export interface ImageName {
  /** with host and without tag or digest, as container runtimes normalize it */
  repository: string
  tag?: string
  digest?: string
}

const digestSuffix = /@(sha256:[0-9a-f]{64})$/
const tagSuffix = /:([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/
const host = /^(?:\[[0-9a-f:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$/

/**
 * Reads an image reference as container runtimes do (distribution's reference grammar): a first part with a dot, a colon
 * or the name localhost is a host, everything else lives at docker.io. Undefined where the text is not a reference.
 */
export function parseImageName(text: string): ImageName | undefined {
  if (text.length > 1024) return undefined
  const digest = digestSuffix.exec(text)?.[1]
  let rest = digest === undefined ? text : text.slice(0, text.length - digest.length - 1)
  const tag = tagSuffix.exec(rest)?.[1]
  if (tag !== undefined) rest = rest.slice(0, rest.length - tag.length - 1)
  const slash = rest.indexOf('/')
  const first = slash === -1 ? '' : rest.slice(0, slash)
  const named = namesHost(first)
  const repositoryPath = named ? rest.slice(slash + 1) : rest
  if (!isRepositoryPath(repositoryPath) || (named && !host.test(first))) return undefined
  const official = repositoryPath.includes('/') ? repositoryPath : `library/${repositoryPath}`
  return {
    repository: named ? rest : `docker.io/${official}`,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** The host of a repository that `parseImageName` gave: `registry.example:5000`. */
export const hostOf = (repository: string): string => repository.slice(0, repository.indexOf('/'))
