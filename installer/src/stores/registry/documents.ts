import { type Descriptor, isDigest, isDocument, isIndex, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { childrenOf } from '@sealift/bundle-spec/document.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { type Answer, discard, readBody } from './exchange.ts'
import { contentFailure, documentFailure, protocolFailure } from './failure.ts'

/** the kinds of document that we understand, for Accept */
const accept = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerList, mediaTypes.dockerManifest].join(', ')

export interface DocumentName {
  path: string
  /** tag or digest */
  reference: string
}

/**
 * Finds what a tag or digest stands for, with HEAD where that says enough, otherwise by reading and hashing it.
 * @throws SealiftError REGISTRY_*
 */
export async function resolveDocument(client: Client, name: DocumentName, signal?: AbortSignal): Promise<Descriptor> {
  const answer = await ask(client, 'HEAD', name, [200, 400, 404, 405, 501], signal)
  discard(answer)
  // some registries do not know HEAD here, so only GET says for sure that it is not there
  const stated = answer.status === 200 ? statedDescriptor(answer) : undefined
  if (stated && stated.size > limits.document)
    throw protocolFailure(
      { host: client.host, operation: `read ${nameOf(name)}` },
      `the document has ${stated.size} bytes, the limit is ${limits.document}`,
    )
  if (stated && (!isDigest(name.reference) || stated.digest === name.reference)) return stated
  return (await readDocumentOf(client, name, signal)).descriptor
}

/** The descriptor that the headers of an answer give; undefined where they leave something open. */
function statedDescriptor(answer: Answer): Descriptor | undefined {
  const digest = answer.header('docker-content-digest')
  const mediaType = mediaTypeOf(answer)
  const size = Number(answer.header('content-length') ?? Number.NaN)
  return isDigest(digest) && isDocument(mediaType) && Number.isSafeInteger(size) && size > 0
    ? { mediaType, digest, size }
    : undefined
}

const mediaTypeOf = (answer: Answer): string => (answer.header('content-type') ?? '').replace(/;.*/, '').trim()

/**
 * Reads a manifest or index, hashed; a reference by digest must be met.
 * @throws SealiftError REGISTRY_*
 */
export async function readDocumentOf(
  client: Client,
  name: DocumentName,
  signal?: AbortSignal,
): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
  const asked = { host: client.host, operation: `read ${nameOf(name)}` }
  const answer = await ask(client, 'GET', name, [200], signal)
  const bytes = await readBody(answer, limits.document, { ...asked, ...(signal ? { signal } : {}) })
  if (!bytes) throw protocolFailure(asked, `the document is longer than ${limits.document} bytes`)
  const digest = digestOf(bytes)
  if (isDigest(name.reference) && name.reference !== digest)
    throw contentFailure(asked, `it sends a document with the digest ${digest}`)
  const mediaType = documentType(bytes) ?? mediaTypeOf(answer)
  if (!isDocument(mediaType)) throw protocolFailure(asked, 'it sends something that is neither manifest nor index')
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes }
}

/** The mediaType that a document gives itself. Proxies rewrite Content-Type, this they cannot. */
function documentType(bytes: Buffer): string | undefined {
  try {
    const type = (JSON.parse(bytes.toString('utf8')) as { mediaType?: unknown } | null)?.mediaType
    return typeof type === 'string' ? type : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads a document that another one names: hashed, and with an outline that can be followed.
 * @throws SealiftError REGISTRY_*; REGISTRY_CONTENT for other bytes, REGISTRY_DOCUMENT for what no image is
 */
export async function openDocument(
  client: Client,
  path: string,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Buffer> {
  const name = { path, reference: descriptor.digest }
  const answer = await ask(client, 'GET', name, [200], signal)
  const asked = { host: client.host, operation: `read ${nameOf(name)}`, ...(signal ? { signal } : {}) }
  const bytes = await readBody(answer, Math.min(descriptor.size, limits.document), asked)
  if (!bytes) throw contentFailure(asked, `it sends more than the ${descriptor.size} bytes announced`)
  const digest = digestOf(bytes)
  if (digest !== descriptor.digest)
    throw contentFailure(asked, `it sends ${bytes.length} bytes with the digest ${digest}`)
  try {
    assertOutline(descriptor, bytes)
  } catch (error) {
    throw error instanceof SealiftError ? documentFailure(asked, nameOf(name), error) : error
  }
  return bytes
}

/** Checks what a document says, and that each document which it names is of a size that is read. */
function assertOutline(descriptor: Descriptor, bytes: Uint8Array): void {
  const bad = (what: string) => new SealiftError('BUNDLE_LIMIT', what)
  if (bytes.length !== descriptor.size)
    throw bad(`it has ${bytes.length} bytes, and what names it says ${descriptor.size}`)
  for (const { mediaType, digest, size } of childrenOf(descriptor, bytes))
    if (isDocument(mediaType) && size > limits.document) throw bad(`it names a document of ${size} bytes: ${digest}`)
}

/**
 * Puts a document under its digest or a tag.
 * @throws SealiftError REGISTRY_*
 */
export async function putDocument(
  client: Client,
  name: DocumentName,
  descriptor: Descriptor,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const operation = `write ${nameOf(name)}`
  const answer = await request(client, {
    method: 'PUT',
    url: urlOf(client, name.path, `manifests/${name.reference}`),
    operation,
    scopes: [scopeOf(client, name.path, 'pull,push')],
    headers: { 'content-type': descriptor.mediaType },
    body: bytes,
    expect: [200, 201, 202],
    ...(signal ? { signal } : {}),
  })
  discard(answer)
  if (isIndex(descriptor.mediaType)) client.learned.indexes = true
  if (answer.header('oci-subject') !== undefined) client.learned.referrers = 'api'
  const digest = answer.header('docker-content-digest')
  if (digest !== undefined && digest !== descriptor.digest)
    throw protocolFailure(
      { host: client.host, operation },
      `sent ${descriptor.digest}, it says that it keeps ${digest}`,
    )
}

function ask(
  client: Client,
  method: 'GET' | 'HEAD',
  name: DocumentName,
  expect: readonly number[],
  signal?: AbortSignal,
): Promise<Answer> {
  return request(client, {
    method,
    url: urlOf(client, name.path, `manifests/${name.reference}`),
    operation: `read ${nameOf(name)}`,
    scopes: [scopeOf(client, name.path, 'pull')],
    headers: { accept },
    expect,
    ...(signal ? { signal } : {}),
  })
}

const nameOf = ({ path, reference }: DocumentName): string => `${path}${isDigest(reference) ? '@' : ':'}${reference}`
