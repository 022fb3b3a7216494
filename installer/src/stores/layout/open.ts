import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { annotations, type Descriptor, hexOf, isManifest } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { openRegular, readRange } from '../../input/regular-file.ts'
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
    const { handle, size } = await openRegular(path, missing)
    if (size === descriptor.size) return handle
    await handle.close()
    throw missing(`the file has ${size} bytes, not ${descriptor.size}`)
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
      return readRange(file, range ?? { start: 0, end: descriptor.size })
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
