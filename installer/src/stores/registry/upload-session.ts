import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { type Answer, type Body, discard } from './exchange.ts'
import { type Asked, protocolFailure, TransientFailure } from './failure.ts'
import { type Learned, learnMount, learnRefused, learnTaken } from './learned.ts'
import { redirected } from './redirect.ts'

/** An upload that a registry has open (OCI distribution-spec, "Pushing blobs"). */
export interface UploadSession {
  /** where the next request goes; changes with every answer */
  url: URL
  /** bytes that the registry has */
  offset: number
  /** bytes that a chunk has at least (OCI-Chunk-Min-Length), the last one excepted */
  minimumChunk: number
}

export interface UploadPlace {
  client: Client
  path: string
  digest: string
  asked: Asked
  signal?: AbortSignal
}

/** milliseconds: a registry over object storage copies the whole blob before it answers the last request */
const commitTimeout = 600_000

/**
 * Opens an upload; with `mount` the registry may take the content from another of its repositories instead, and then
 * there is no session.
 * @throws SealiftError REGISTRY_*
 */
export async function startUpload(place: UploadPlace, mount?: string): Promise<UploadSession | undefined> {
  const { client, path, digest, asked } = place
  const query = mount === undefined ? '' : `?mount=${digest}&from=${client.prefix}${mount}`
  const answer = await request(client, {
    ...common(place),
    method: 'POST',
    url: urlOf(client, path, `blobs/uploads/${query}`),
    // a login for the source too, or a registry may not mount from it
    scopes: [scopeOf(client, path, 'pull,push'), ...(mount === undefined ? [] : [scopeOf(client, mount, 'pull')])],
    headers: { 'content-length': '0' },
    expect: mount === undefined ? [202, 404] : [201, 202],
  })
  discard(answer)
  if (answer.status === 404) throw noRepository(place)
  if (mount !== undefined) learnMount(client.learned, answer.status === 201)
  if (answer.status === 201) {
    checkDigest(answer, digest, asked)
    return undefined
  }
  const stated = Number(answer.header('oci-chunk-min-length') ?? 0)
  const minimumChunk = Number.isSafeInteger(stated) && stated > 0 ? stated : 0
  const url = locationOf(answer, asked)
  client.learned.minimumChunk = minimumChunk
  client.learned.location = kindOfLocation(answer, url)
  return { url, offset: 0, minimumChunk }
}

function kindOfLocation(answer: Answer, url: URL): NonNullable<Learned['location']> {
  if (url.origin !== answer.url.origin) return 'elsewhere'
  return URL.canParse(answer.header('location') ?? '') ? 'absolute' : 'relative'
}

/** Some registries make no repository by themselves: Harbor wants its project, ECR the repository. */
const noRepository = ({ client, path, asked }: UploadPlace) =>
  new SealiftError('REGISTRY_NO_REPOSITORY', `registry ${client.host} has no place for ${client.prefix}${path}`, {
    why: `could not ${asked.operation}: it answered 404 to a new upload`,
    fix: `create the project or repository there first, or seed below one that exists: --to ${client.host}/PROJECT`,
  })

/**
 * Sends the bytes [offset, offset + length) of the blob.
 * @returns `too large` for 413, `unsupported` where the registry takes no chunks (405, 501)
 * @throws SealiftError REGISTRY_*; a TransientFailure where `findOffset` may tell how to go on
 */
export async function sendChunk(
  place: UploadPlace,
  session: UploadSession,
  body: Body,
  length: number,
): Promise<'taken' | 'too large' | 'unsupported'> {
  const { offset } = session
  const answer = await request(place.client, {
    ...common(place),
    method: 'PATCH',
    url: session.url,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(length),
      'content-range': `${offset}-${offset + length - 1}`,
    },
    body,
    expect: [201, 202, 204, 401, 404, 405, 413, 416, 501],
  })
  discard(answer)
  const { status } = answer
  const { learned } = place.client
  if (status === 413) {
    learnRefused(learned, length)
    return 'too large'
  }
  if (status === 405 || status === 501) {
    learned.chunks = false
    return 'unsupported'
  }
  if (status >= 400) throw lostUpload(answer, session, place)
  learned.chunks = true
  learnTaken(learned, length)
  session.url = locationOf(answer, place.asked, session.url)
  session.offset = rangeEnd(answer) ?? offset + length
  return 'taken'
}

/**
 * Ends the upload, with the last bytes where there are some. The registry proves the digest.
 * @returns false where these are too many for one request (413)
 * @throws SealiftError REGISTRY_*; a TransientFailure where `findOffset` may tell how to go on
 */
export async function commitUpload(
  place: UploadPlace,
  session: UploadSession,
  last?: { body: Body; length: number },
): Promise<boolean> {
  // what stands in the address already is the registry's own, to be sent back as it is
  const url = new URL(session.url)
  url.search += `${url.search ? '&' : '?'}digest=${encodeURIComponent(place.digest)}`
  const answer = await request(place.client, {
    ...common(place),
    method: 'PUT',
    url,
    headers: {
      'content-length': String(last?.length ?? 0),
      ...(last ? { 'content-type': 'application/octet-stream' } : {}),
    },
    ...(last ? { body: last.body } : {}),
    headersTimeout: commitTimeout,
    expect: [200, 201, 204, 401, 404, 413, 416],
  })
  discard(answer)
  const { learned } = place.client
  if (answer.status === 413) {
    if (last) learnRefused(learned, last.length)
    return false
  }
  if (answer.status >= 400) throw lostUpload(answer, session, place)
  if (last) learnTaken(learned, last.length)
  checkDigest(answer, place.digest, place.asked)
  return true
}

/** Asks how far an upload has come. Undefined where the registry does not know it any more. */
export async function findOffset(place: UploadPlace, session: UploadSession): Promise<number | undefined> {
  const answer = await request(place.client, {
    ...common(place),
    method: 'GET',
    url: session.url,
    expect: [200, 202, 204, 400, 404, 405, 416, 500],
  })
  discard(answer)
  const { learned } = place.client
  if (answer.status >= 400) {
    if (answer.status === 405) learned.tellsOffset = false
    return undefined
  }
  learned.tellsOffset = true
  if (answer.header('location') !== undefined) session.url = locationOf(answer, place.asked, session.url)
  return rangeEnd(answer) ?? 0
}

/** Tells the registry to drop what it has. Failure does not matter: uploads expire. False where it did not. */
export async function cancelUpload(place: UploadPlace, session: UploadSession): Promise<boolean> {
  const { signal: _, ...rest } = common(place)
  const done = await request(place.client, {
    ...rest,
    method: 'DELETE',
    url: session.url,
    signal: AbortSignal.timeout(2_000),
    expect: [200, 202, 204, 404],
  }).then(
    (answer) => {
      discard(answer)
      return true
    },
    () => false,
  )
  place.client.learned.cancels = done
  return done
}

/** The upload is gone, or stands elsewhere, or the login ended while bytes were on their way. */
const lostUpload = ({ status }: Answer, { offset }: UploadSession, { client, asked }: UploadPlace) =>
  new TransientFailure('REGISTRY_REFUSED', `registry ${client.host} lost an upload`, {
    why: `could not ${asked.operation}: it answered ${status} at byte ${offset}`,
  })

const common = ({ client, path, asked, signal }: UploadPlace) => ({
  operation: asked.operation,
  scopes: [scopeOf(client, path, 'pull,push')],
  ...(signal ? { signal } : {}),
})

/** `Range: 0-1023` names the last byte that is there; `0-0` may mean one byte or none, so it says nothing. */
function rangeEnd(answer: Answer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header('range') ?? '')?.[1]
  return last === undefined || last === '0' ? undefined : Number(last) + 1
}

function locationOf(answer: Answer, asked: Asked, before?: URL): URL {
  const location = answer.header('location')
  if (location === undefined && before) return before
  if (!location) throw protocolFailure(asked, 'it opens an upload without saying where')
  const url = URL.parse(location, answer.url)
  // registries behind a proxy that ends TLS often give the address that they see themselves
  if (url?.protocol === 'http:' && answer.url.protocol === 'https:' && url.hostname === answer.url.hostname)
    return new URL(url.pathname + url.search, answer.url.origin)
  return redirected(asked, location, answer.url)
}

function checkDigest(answer: Answer, digest: string, asked: Asked): void {
  const stated = answer.header('docker-content-digest')
  if (stated !== undefined && stated !== digest)
    throw protocolFailure(asked, `sent ${digest}, it says that it keeps ${stated}`)
}
