import { type Descriptor, isDocument } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { readDocumentOf } from './documents.ts'
import { openBlob } from './download.ts'
import { discard } from './exchange.ts'
import { protocolFailure } from './failure.ts'

/** bytes of a blob that are read where the answer to HEAD leaves something open */
const beginning = 1024

/**
 * Whether a repository holds content. HEAD is believed where both its digest and its size are right, and where it says 404.
 * Whatever else it answers, reading says for sure: all of a document, the beginning of a blob. So it is for storage that
 * states no digest, and for addresses that were signed for GET (S3). `actions` is what comes next: one login serves both.
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
  const answer = await request(client, {
    method: 'HEAD',
    url: urlOf(client, path, `${document ? 'manifests' : 'blobs'}/${digest}`),
    operation,
    scopes: [scopeOf(client, path, actions)],
    headers: document ? { accept: mediaType } : {},
    expect: [200, 400, 403, 404, 405, 501],
    ...(signal ? { signal } : {}),
  })
  discard(answer)
  if (answer.status === 404) return false
  const says = (name: string) => (answer.status === 200 ? answer.header(name) : undefined)
  const length = says('content-length')
  const stated = says('docker-content-digest')
  if ((length !== undefined && Number(length) !== size) || (stated !== undefined && stated !== digest))
    throw protocolFailure(
      { host: client.host, operation },
      `it holds ${stated ?? digest}${length === undefined ? '' : ` with ${length} bytes, not ${size}`}`,
    )
  const believed = length !== undefined && stated !== undefined
  return believed || (await canBeRead(client, path, descriptor, signal))
}

async function canBeRead(client: Client, path: string, descriptor: Descriptor, signal?: AbortSignal): Promise<boolean> {
  const { digest, size, mediaType } = descriptor
  try {
    if (isDocument(mediaType)) await readDocumentOf(client, { path, reference: digest }, signal)
    else {
      const range = { start: 0, end: Math.min(size, beginning) }
      for await (const _ of await openBlob(client, path, descriptor, range, signal));
    }
    return true
  } catch (error) {
    if ((error as SealiftError).code === 'REGISTRY_NOT_FOUND') return false
    throw error
  }
}
