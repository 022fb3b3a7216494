import { createReadStream } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { annotations, type Descriptor, hexOf, isManifest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { cosignTags, type Referrer, type ReferringStore, referrersTag, subjectOf } from '../referrers.ts'
import { readEntries } from './entries.ts'

/**
 * A directory in the OCI Image Layout (image-spec, image-layout.md), as skopeo, buildah, crane and oras write it. Names
 * are those of its index.json, a digest, or nothing where it holds one thing. Files are opened by digest only, so no
 * document can name a path.
 * @throws SealiftError STORAGE_LAYOUT
 */
export async function layoutStore(directory: string): Promise<ReferringStore> {
  const origin = `OCI layout ${directory}`
  const entries = await readEntries(directory)
  const names = entries.map((entry) => ({ entry, name: entry.annotations?.[annotations.refName] }))

  async function openBlob(descriptor: Descriptor): Promise<FileHandle> {
    const path = join(directory, 'blobs', 'sha256', hexOf(descriptor.digest))
    const missing = (why: string, cause?: unknown) =>
      new SealiftError('STORAGE_NOT_FOUND', `${origin} does not hold ${descriptor.digest}`, { why, cause })
    // without O_NONBLOCK a FIFO would wait for a writer for ever
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
      throw missing(cause.code, cause)
    })
    const info = await file.stat()
    if (info.isFile() && info.size === descriptor.size) return file
    await file.close()
    throw missing(info.isFile() ? `the file has ${info.size} bytes, not ${descriptor.size}` : 'it is not a file')
  }

  const store: ReferringStore = {
    origin,
    async resolve(reference) {
      const found = names.filter(({ entry, name }) => name === reference || entry.digest === reference)
      const [only] = reference === '' ? names : found
      if (only && (reference === '' ? names : found).every(({ entry }) => entry.digest === only.entry.digest))
        return plain(only.entry)
      throw new SealiftError('STORAGE_NOT_FOUND', `${origin} does not have exactly one ${reference || 'image'}`, {
        why: `it has ${names.map(({ name, entry }) => name ?? entry.digest).join(', ') || 'nothing'}`,
      })
    },
    async has(_repository, descriptor) {
      return await openBlob(descriptor).then(
        (file) => file.close().then(() => true),
        () => false,
      )
    },
    async open(_repository, descriptor, range) {
      const file = await openBlob(descriptor)
      const { start, end } = range ?? { start: 0, end: descriptor.size }
      if (end <= start) {
        await file.close()
        return none()
      }
      return createReadStream('', { fd: file, start, end: end - 1, highWaterMark: 1 << 20 })
    },
    async referrers(_repository, digest) {
      const found: Referrer[] = []
      const tags = new Set([referrersTag(digest), ...cosignTags(digest)])
      for (const { entry, name } of names) {
        const tag = name?.slice(name.lastIndexOf(':') + 1)
        if (tag !== undefined && tags.has(tag) && isManifest(entry.mediaType))
          found.push({ descriptor: plain(entry), tag })
        else if (isManifest(entry.mediaType)) {
          const bytes = await readDocument(entry, () => store.open('', entry), origin)
          if (subjectOf(entry.digest, bytes) === digest) found.push({ descriptor: plain(entry) })
        }
      }
      return found
    },
  }
  return store
}

/** A descriptor without the layout's own names. */
const plain = ({ mediaType, digest, size, artifactType }: Descriptor): Descriptor => ({
  mediaType,
  digest,
  size,
  ...(artifactType === undefined ? {} : { artifactType }),
})

async function* none(): AsyncGenerator<Uint8Array, void> {}
