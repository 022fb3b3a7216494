import { createHash, type Hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Descriptor, isDigest, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson, toJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { openRegular } from '../../input/regular-file.ts'
import { memoryStore } from '../memory.ts'
import { type Readable, readExactly, readUpTo } from '../read-exactly.ts'
import { type ArchiveFile, manifestName, notAnArchive, readArchive } from './entries.ts'

/** An archive of `docker save`, read where it lies. */
export interface ArchiveStore extends ContentStore {
  close(): Promise<void>
}

interface Saved {
  Config: string
  RepoTags: string[] | null
  Layers: string[]
}

const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** bytes that a compressed layer may unpack to while it is hashed, by byte of its own: gzip reaches about 1,030 */
const inflation = 1100

/**
 * Opens an archive of `docker save`. It has no manifests, so one is made: an OCI manifest over the config as it is and
 * the layers as they lie, of which each must be what the config's `diff_ids` say (image-spec, config.md). The same archive
 * gives the same digest.
 * @throws SealiftError STORAGE_ARCHIVE
 */
export async function archiveStore(path: string, signal?: AbortSignal): Promise<ArchiveStore> {
  const origin = `docker archive ${path}`
  const { handle, size } = await openRegular(path, (why, cause) => notAnArchive(path, why, { cause }))
  const file: Readable = {
    read: (...range) =>
      handle.read(...range).catch((cause) => {
        const fix = 'look at the disk that it is on (dmesg), and save the image again'
        throw notAnArchive(path, `the disk does not give its bytes: ${cause.code}`, { fix, cause })
      }),
  }
  const made = memoryStore(origin)
  const blobs = new Map<string, ArchiveFile>()
  const layers = new Map<string, Promise<{ descriptor: Descriptor; diffId: string }>>()

  async function imageOf(files: ReadonlyMap<string, ArchiveFile>, saved: Saved): Promise<Descriptor> {
    const config = await small(file, files, saved.Config, path)
    const document = parse(config, saved.Config, path) as { rootfs?: { diff_ids?: unknown } } | null
    const diffIds = document?.rootfs?.diff_ids
    if (!Array.isArray(diffIds) || diffIds.length !== saved.Layers.length)
      throw notAnArchive(path, `${saved.Config} does not describe its ${saved.Layers.length} layers`)
    const descriptors: Descriptor[] = []
    for (const [i, name] of saved.Layers.entries()) {
      const place = files.get(name)
      if (!place) throw notAnArchive(path, `it has no ${name.slice(0, 200)}`)
      const known = layers.get(name) ?? readLayer(file, place, path, signal)
      layers.set(name, known)
      const { descriptor, diffId } = await known
      if (!isDigest(diffIds[i]) || diffIds[i] !== diffId)
        throw notAnArchive(path, `${name} is another layer than its config says`)
      blobs.set(descriptor.digest, place)
      descriptors.push(descriptor)
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: made.put(config, mediaTypes.config),
      layers: descriptors,
    }
    return made.put(toJson(manifest), mediaTypes.manifest)
  }

  try {
    const files = await readArchive(file, size, path)
    const images = readManifest(await small(file, files, manifestName, path), path)
    return {
      origin,
      async resolve(reference) {
        const found = images.filter(({ RepoTags }) => reference === '' || RepoTags?.includes(reference))
        const [only, ...more] = found
        if (only && more.length === 0) return await imageOf(files, only)
        throw new SealiftError('STORAGE_NOT_FOUND', `${origin} does not have exactly one ${reference || 'image'}`, {
          why: `it has ${images.flatMap(({ RepoTags }) => RepoTags ?? ['one without a name']).join(', ') || 'none'}`,
        })
      },
      has: async (repository, descriptor) =>
        blobs.get(descriptor.digest)?.size === descriptor.size || (await made.has(repository, descriptor)),
      async open(repository, descriptor, range) {
        const place = blobs.get(descriptor.digest)
        if (!place) return await made.open(repository, descriptor, range)
        const { start, end } = range ?? { start: 0, end: place.size }
        return readPart(file, { offset: place.offset + start, size: Math.min(end, place.size) - start })
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function parse(bytes: Buffer, name: string, path: string): unknown {
  try {
    return parseJson(bytes, name)
  } catch (cause) {
    throw notAnArchive(path, `its ${name.slice(0, 200)} is not acceptable JSON`, { cause })
  }
}

function readManifest(bytes: Buffer, path: string): Saved[] {
  const images = parse(bytes, manifestName, path) as Partial<Saved>[] | null
  const texts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((text) => typeof text === 'string')
  const good = (image: Partial<Saved> | null): image is Saved =>
    typeof image?.Config === 'string' && texts(image.Layers) && (image.RepoTags == null || texts(image.RepoTags))
  if (!Array.isArray(images) || !images.every(good)) throw notAnArchive(path, 'its manifest.json is not one of docker')
  return images
}

async function small(file: Readable, files: ReadonlyMap<string, ArchiveFile>, name: string, path: string) {
  const place = files.get(name)
  if (!place) throw notAnArchive(path, `it has no ${name.slice(0, 200)}`)
  if (place.size > limits.document) throw notAnArchive(path, `${name} is larger than ${limits.document} bytes`)
  return (await readExactly(file, place.offset, place.size)) as Buffer
}

/** Hashes a layer as it lies and, where it is compressed, what is in it. */
async function readLayer(file: Readable, place: ArchiveFile, path: string, signal?: AbortSignal) {
  const magic = await readExactly(file, place.offset, Math.min(2, place.size))
  const compressed = magic?.length === 2 && magic.readUInt16BE(0) === 0x1f8b
  const own = createHash('sha256')
  const plain = createHash('sha256')
  let inflated = 0
  const count = (chunk: Uint8Array) => {
    inflated += chunk.length
    if (inflated > place.size * inflation) throw notAnArchive(path, 'one of its layers unpacks without an end')
  }
  const through = async function* (source: AsyncIterable<Uint8Array>, hash: Hash, check?: (chunk: Uint8Array) => void) {
    for await (const chunk of source) {
      check?.(chunk)
      hash.update(chunk)
      yield chunk
    }
  }
  const bytes = through(readPart(file, place), own)
  const options = signal ? { signal } : {}
  if (compressed)
    await pipeline(bytes, createGunzip(), (s) => drain(through(s, plain, count)), options).catch((cause) => {
      signal?.throwIfAborted()
      throw cause instanceof SealiftError ? cause : notAnArchive(path, 'one of its layers does not unpack', { cause })
    })
  else await drain(bytes, signal)
  const digest = `sha256:${own.digest('hex')}`
  const descriptor = { mediaType: compressed ? `${layerType}+gzip` : layerType, digest, size: place.size }
  return { descriptor, diffId: compressed ? `sha256:${plain.digest('hex')}` : digest }
}

async function drain(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  for await (const _ of bytes) signal?.throwIfAborted()
}

/** bytes of one read */
const chunkSize = 1 << 20

async function* readPart(file: Readable, { offset, size }: ArchiveFile): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < size; ) {
    const chunk = await readUpTo(file, offset + at, Math.min(chunkSize, size - at))
    // cut since it was opened: whoever hashes it says so
    if (chunk.length === 0) return
    at += chunk.length
    yield chunk
  }
}
