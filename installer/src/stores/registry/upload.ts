import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes, WriteOptions, WriteOutcome } from '@sealift/bundle-spec/store.ts'
import { type BlobSource, blobSource } from './blob-source.ts'
import { attemptsOf, type Client } from './client.ts'
import { protocolFailure, statusFailure, TransientFailure } from './failure.ts'
import { type Learned, learnRefused, mayBeTaken } from './learned.ts'
import { isPresent } from './presence.ts'
import type { UploadJournal } from './upload-journal.ts'
import { type UploadNotes, uploadNotes } from './upload-notes.ts'
import {
  cancelUpload,
  commitUpload,
  findOffset,
  sendChunk,
  startUpload,
  type UploadPlace,
  type UploadSession,
} from './upload-session.ts'

/** Bytes. Blobs up to `whole` go in one request; larger ones in chunks, each of which can be sent again alone. */
export interface ChunkSizes {
  whole: number
  /** of the first chunk of a blob */
  chunk: number
  /** up to which chunks grow while each takes little time; by default they do not */
  most?: number
}

/** Chunks grow because distribution brings each to its disk before it answers: many small ones take twice the time. */
export const defaultChunks: ChunkSizes = { whole: 16 << 20, chunk: 16 << 20, most: 128 << 20 }

/** milliseconds that a chunk should take: longer and more is lost when it is cut, shorter and the registry only syncs */
const chunkTime = 2_500

/** bytes: smaller chunks than NGINX's default limit are not tried when a registry finds them too large */
const smallestChunk = 1 << 20

/** how often a registry may take less than was sent, or another size, for one blob */
const mostTurns = 20

export interface BlobWrite extends WriteOptions {
  path: string
  descriptor: Descriptor
  source: (offset: number) => Promise<Bytes>
  /** paths at the same registry that hold it */
  mountPaths: readonly string[]
  chunks: ChunkSizes
  /** it was looked for a moment ago and is not there */
  missing: boolean
  journal?: UploadJournal | undefined
}

/**
 * Puts a blob into a repository: looks for it, mounts it, or sends it. What drops on the way goes on from what the
 * registry has, or starts again where it has lost the upload.
 * @throws SealiftError REGISTRY_*; what `source` throws
 */
export async function writeBlob(client: Client, write: BlobWrite): Promise<WriteOutcome> {
  const { path, descriptor, signal } = write
  if (!write.missing && (await isPresent(client, path, descriptor, 'pull,push', signal))) return 'present'
  const place: UploadPlace = {
    client,
    path,
    digest: descriptor.digest,
    asked: { host: client.host, operation: `write ${path}@${descriptor.digest}` },
    ...(signal ? { signal: write.journal ? graceful(signal) : signal } : {}),
  }
  const notes = uploadNotes(write.journal, `${client.host}/${client.prefix}${path}@${descriptor.digest}`, descriptor)
  const mount = client.learned.mounts === false ? undefined : write.mountPaths[0]
  const earlier = mount === undefined ? await notes.resume(place) : undefined
  const session = earlier ?? (await openOrMount(place, mount))
  if (session === undefined) return 'mounted'
  const upload = newUpload(write, place, session, notes)
  try {
    await sendAll(upload)
  } catch (error) {
    // what an earlier run may go on with stays, as long as somebody remembers where
    if (!notes.keeps(error)) await cancelUpload(place, upload.session)
    throw error
  }
  notes.done()
  return 'sent'
}

/** Sends until the blob is there; what may pass is tried again from what the registry has. */
async function sendAll(upload: Upload): Promise<void> {
  const { write, place } = upload
  const { client, signal } = place
  const { path, descriptor } = write
  let furthest = upload.session.offset
  const attempts = attemptsOf(client, place.asked)
  for (;;) {
    try {
      while (!(await sendRest(upload)));
      return
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (upload.session.offset > furthest) attempts.progress()
      // a proxy may cut a body that it finds too large instead of saying so
      const again = attempts.failures > 0
      await attempts.next(error, signal)
      if (again && error instanceof TransientFailure && !error.throttled) shrink(upload)
      furthest = Math.max(furthest, upload.session.offset)
      // the last answer may have been lost after the registry had everything
      if (await isPresent(client, path, descriptor, 'pull,push', signal)) return
      const offset = await findOffset(place, upload.session)
      if (offset !== undefined && offset <= descriptor.size) upload.session.offset = offset
      else upload.session = (await startUpload(place)) as UploadSession
    }
  }
}

/** milliseconds that a chunk on its way gets to arrive after the user has stopped all: it counts for the next run then */
const grace = 15_000

/** for each signal, the one that follows it later */
const followers = new WeakMap<AbortSignal, AbortSignal>()

function graceful(signal: AbortSignal): AbortSignal {
  const known = followers.get(signal)
  if (known) return known
  const late = new AbortController()
  const onAbort = () => setTimeout(() => late.abort(signal.reason), grace).unref()
  if (signal.aborted) late.abort(signal.reason)
  else signal.addEventListener('abort', onAbort, { once: true })
  followers.set(signal, late.signal)
  return late.signal
}

async function openOrMount(place: UploadPlace, from: string | undefined): Promise<UploadSession | undefined> {
  if (from !== undefined) {
    try {
      return await startUpload(place, from)
    } catch (error) {
      // a registry may refuse the whole request because of the source
      const { code } = error as SealiftError
      if (!['REGISTRY_UNAUTHORIZED', 'REGISTRY_FORBIDDEN', 'REGISTRY_NOT_FOUND', 'REGISTRY_REFUSED'].includes(code))
        throw error
    }
  }
  return await startUpload(place)
}

interface Upload {
  write: BlobWrite
  place: UploadPlace
  session: UploadSession
  notes: UploadNotes
  /** all that is left in the request that ends the upload */
  whole: boolean
  /** bytes of a chunk */
  chunk: number
  /** times that bytes had to be read again although nothing dropped */
  turns: number
}

/** The first sizes to try, by what the registry has taken and refused so far. */
function newUpload(write: BlobWrite, place: UploadPlace, session: UploadSession, notes: UploadNotes): Upload {
  const { learned } = place.client
  const chunk = fittingChunk(write.chunks, learned)
  const left = write.descriptor.size - session.offset
  const whole = learned.chunks === false || (left <= write.chunks.whole && mayBeTaken(learned, left))
  return { write, place, session, notes, whole, chunk, turns: 0 }
}

/** Sets the size of chunks, of this and of later blobs, by how long this one took. */
function pace(upload: Upload, length: number, ms: number): void {
  const { learned } = upload.place.client
  learned.rate = length / Math.max(ms, 1)
  upload.chunk = Math.min(fittingChunk(upload.write.chunks, learned), upload.chunk * 8)
}

function fittingChunk({ chunk: first, most }: ChunkSizes, learned: Learned): number {
  let chunk = first
  if (most !== undefined && learned.rate !== undefined)
    chunk = Math.min(Math.max(Math.round(learned.rate * chunkTime), 4 * smallestChunk), most)
  while (chunk > smallestChunk && !mayBeTaken(learned, chunk)) chunk = Math.max(chunk >> 2, smallestChunk)
  return chunk
}

/** Goes on in smaller requests, and holds the size of the last one for too large: what is taken next must not grow to it. */
function shrink(upload: Upload): void {
  const { write, place, session, whole, chunk } = upload
  const left = write.descriptor.size - session.offset
  const tried = whole ? left : Math.min(chunk, left)
  // so few bytes are too many for nobody: the line was cut
  if (tried > smallestChunk) learnRefused(place.client.learned, tried)
  upload.chunk = Math.max(chunk >> 2, smallestChunk)
  if (place.client.learned.chunks !== false) upload.whole = false
}

/** Sends what the registry does not have yet. False where the bytes must be opened again where the session stands. */
async function sendRest(upload: Upload): Promise<boolean> {
  const { write, place, session } = upload
  const { size } = write.descriptor
  if (upload.turns++ > mostTurns) throw protocolFailure(place.asked, 'it takes the upload in pieces that make no sense')
  upload.notes.advance(session)
  const source = blobSource(await write.source(session.offset), write.onBytes)
  try {
    if (upload.whole) {
      const length = size - session.offset
      if (await commitUpload(place, session, { body: wholeBody(source, length), length })) return true
      upload.chunk = smaller(length, session, place)
      upload.whole = false
      return false
    }
    while (session.offset < size) {
      write.signal?.throwIfAborted()
      const at = session.offset
      const length = Math.min(Math.max(upload.chunk, session.minimumChunk), size - at)
      const start = performance.now()
      const outcome = await sendChunk(place, session, source.take(length), length)
      if (outcome === 'taken') {
        upload.notes.advance(session)
        if (length >= upload.chunk) pace(upload, length, performance.now() - start)
      }
      if (outcome === 'taken' && session.offset === at + length) continue
      if (outcome === 'too large') upload.chunk = smaller(length, session, place)
      if (outcome === 'unsupported') upload.whole = true
      if (session.offset < at || session.offset > at + length) session.offset = at
      return false
    }
    await source.finish()
    return await commitUpload(place, session)
  } catch (error) {
    throw source.failure ?? error
  } finally {
    await source.close()
  }
}

/** All bytes, the last piece only when the source has proved them: a registry must not see a bad end. */
async function* wholeBody(source: BlobSource, length: number): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array | undefined
  for await (const part of source.take(length)) {
    if (held) yield held
    held = part
  }
  await source.finish()
  if (held) yield held
}

function smaller(length: number, session: UploadSession, { asked }: UploadPlace): number {
  const least = Math.max(smallestChunk, session.minimumChunk)
  if (length > least) return Math.max(Math.floor(length / 4), least)
  throw statusFailure(413, '', asked)
}
