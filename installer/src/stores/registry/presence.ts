import { type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { discard } from './exchange.ts'
import { protocolFailure } from './failure.ts'

/**
 * Whether a repository holds content. `actions` is what comes next: one login serves both.
 * @throws SealiftError REGISTRY_*; REGISTRY_PROTOCOL where it holds something else under that digest
 */
export async function isPresent(
  client: Client,
  path: string,
  descriptor: Descriptor,
  actions: 'pull' | 'pull,push',
  signal?: AbortSignal,
): Promise<boolean> {
  const { digest, size, mediaType } = descriptor
  const document = isDocument(mediaType)
  const operation = `look for ${path}@${digest}`
  const asking = {
    url: urlOf(client, path, `${document ? 'manifests' : 'blobs'}/${digest}`),
    operation,
    scopes: [scopeOf(client, path, actions)],
    headers: document ? { accept: mediaType } : {},
    ...(signal ? { signal } : {}),
  }
  let answer = await request(client, { ...asking, method: 'HEAD', expect: [200, 400, 403, 404, 405, 501] })
  discard(answer)
  const elsewhere = answer.url.origin !== client.origin.origin
  if (elsewhere ? answer.status !== 200 && answer.status !== 404 : [405, 501].includes(answer.status)) {
    // an address that was signed for GET (S3) refuses HEAD
    const headers = document ? asking.headers : { range: 'bytes=0-0' }
    answer = await request(client, { ...asking, method: 'GET', headers, expect: [200, 206, 404, 416] })
    discard(answer)
    return answer.status !== 404
  }
  if (answer.status === 400 || answer.status === 403) {
    // asked again so that its body gives the reason
    discard(await request(client, { ...asking, method: 'GET', expect: [200] }))
    return true
  }
  if (answer.status === 404) return false
  const length = answer.header('content-length')
  const stated = answer.header('docker-content-digest')
  const differs = (length !== undefined && Number(length) !== size) || (stated !== undefined && stated !== digest)
  if (differs)
    throw protocolFailure(
      { host: client.host, operation },
      `it holds ${stated ?? digest} with ${length} bytes, not ${size}`,
    )
  return true
}
