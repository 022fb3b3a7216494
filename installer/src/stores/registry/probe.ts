import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { type Client, request, scopeOf, urlOf } from './client.ts'
import { discard } from './exchange.ts'
import {
  cancelUpload,
  findOffset,
  sendChunk,
  startUpload,
  type UploadPlace,
  type UploadSession,
} from './upload-session.ts'

/** content that nothing names */
const trial = Buffer.from('a trial by sealift; to be dropped')

/**
 * Finds out how a registry takes uploads, with one of a few bytes that is dropped again and never becomes a blob, and
 * whether it has the referrers API. What it learns stands in `client.learned`. Limits of size, mounts, artifacts, indexes
 * and tags that cannot change leave traces when they are tried, so those are learned from real content.
 * @throws SealiftError REGISTRY_* where the registry would not take any content
 */
export async function probeUploads(client: Client, path: string, signal?: AbortSignal): Promise<void> {
  const asked = { host: client.host, operation: `try an upload to ${path}` }
  const place: UploadPlace = { client, path, digest: digestOf(trial), asked, ...(signal ? { signal } : {}) }
  // the login first: two that ask at once would both be turned away
  const session = await startUpload(place)
  const referrers = client.learned.referrers === undefined ? askReferrers(place) : undefined
  if (session) {
    try {
      // one that names a least size has chunks, and would refuse this one
      if (session.minimumChunk > 0) client.learned.chunks = true
      else await tryChunk(place, session)
    } catch (error) {
      // whatever it has against so few bytes, the first real blob will show
      if (signal?.aborted || (error as SealiftError).code !== 'REGISTRY_REFUSED') throw error
    } finally {
      await cancelUpload(place, session)
    }
  }
  await referrers
}

/**
 * Sends a chunk, then asks for the upload as one would whose connection dropped before the answer came. Distribution 2.8
 * signs the number of bytes into the address, and drops an upload that is asked for with another.
 */
async function tryChunk(place: UploadPlace, session: UploadSession): Promise<void> {
  const before = { ...session }
  if ((await sendChunk(place, session, trial, trial.length)) !== 'taken') return
  const offset = await findOffset(place, before)
  place.client.learned.keepsUploads = offset === trial.length
  if (offset !== undefined) session.url = before.url
}

/** OCI distribution-spec, "Listing Referrers": 404 says that the API is not there, an empty list that it is. */
async function askReferrers({ client, path, digest, signal }: UploadPlace): Promise<void> {
  const answer = await request(client, {
    method: 'GET',
    url: urlOf(client, path, `referrers/${digest}`),
    operation: `ask for referrers of ${path}`,
    scopes: [scopeOf(client, path, 'pull,push')],
    expect: [200, 400, 401, 403, 404, 405, 501],
    ...(signal ? { signal } : {}),
  })
  discard(answer)
  client.learned.server = answer.header('server')?.slice(0, 80) ?? client.learned.server ?? ''
  // a page for people from a server that answers everything with 200 is no list
  const list = answer.status === 200 && /json/.test(answer.header('content-type') ?? '')
  client.learned.referrers = list ? 'api' : 'tag'
}
