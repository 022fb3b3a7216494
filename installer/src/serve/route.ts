import { isDigest } from '@sealift/bundle-spec/descriptor.ts'
import { isRepositoryPath, isTag } from '@sealift/bundle-spec/repository-name.ts'
import { refusal } from './refusal.ts'

/** What a request asks for (OCI distribution-spec, "Endpoints"). */
export type Route =
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'tags'; repository: string }
  | { kind: 'manifest'; repository: string; reference: string }
  | { kind: 'blob'; repository: string; digest: string }
  | { kind: 'referrers'; repository: string; digest: string }
  /** uploads, which only a registry that takes content has */
  | { kind: 'upload'; repository: string }

/**
 * Reads a path. It is decoded once, then every part must be a name, tag or digest as it stands, so nothing in it can
 * point anywhere else.
 * @throws Refusal 404 where there is no such endpoint, 400 NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID
 */
export function readRoute(path: string): Route {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    throw refusal(400, 'NAME_INVALID', 'the path is not properly encoded')
  }
  if (decoded === '/v2/' || decoded === '/v2') return { kind: 'base' }
  if (decoded === '/v2/_catalog') return { kind: 'catalog' }
  const parts = decoded.split('/')
  if (parts[0] !== '' || parts[1] !== 'v2' || parts.length < 5) throw notFound()
  const last = parts.at(-1) as string
  const kind = parts.at(-2)
  const repository = parts.slice(2, -2).join('/')
  if (parts.lastIndexOf('uploads') === parts.length - (kind === 'uploads' ? 2 : 1)) {
    const blobs = parts.lastIndexOf('blobs')
    if (blobs > 2 && parts[blobs + 1] === 'uploads') return { kind: 'upload', repository: named(parts.slice(2, blobs)) }
  }
  if (kind === 'tags' && last === 'list') return { kind: 'tags', repository: checkName(repository) }
  if (kind === 'manifests') {
    checkName(repository)
    if (last.includes(':')) return { kind: 'manifest', repository, reference: checkDigest(last) }
    if (!isTag(last)) throw refusal(400, 'MANIFEST_INVALID', 'this is neither a tag nor a digest')
    return { kind: 'manifest', repository, reference: last }
  }
  if (kind === 'blobs') return { kind: 'blob', repository: checkName(repository), digest: checkDigest(last) }
  if (kind === 'referrers') return { kind: 'referrers', repository: checkName(repository), digest: checkDigest(last) }
  throw notFound()
}

const notFound = () => refusal(404, 'UNSUPPORTED', 'there is no such endpoint')
const named = (parts: string[]): string => checkName(parts.join('/'))

function checkName(name: string): string {
  if (!isRepositoryPath(name)) throw refusal(400, 'NAME_INVALID', 'this is not a repository name')
  return name
}

function checkDigest(digest: string): string {
  if (!isDigest(digest)) throw refusal(400, 'DIGEST_INVALID', 'a digest is sha256: and 64 lower-case hex digits')
  return digest
}
