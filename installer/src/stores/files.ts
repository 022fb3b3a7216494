import { createHash } from 'node:crypto'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { openRegular, type Refuse, readRange } from '../input/regular-file.ts'

/** A store over plain files: each added file is one blob, read where it lies. */
export interface FileStore extends ContentStore {
  /**
   * Hashes a file and remembers where it is.
   * @throws SealiftError USAGE_FILE
   */
  add(path: string, mediaType: string): Promise<Descriptor>
}

export function fileStore(origin = 'local files'): FileStore {
  const paths = new Map<string, string>()
  return {
    origin,
    async add(path, mediaType) {
      const refuse = unusable(path)
      const { handle, size } = await openRegular(path, refuse)
      const hash = createHash('sha256')
      let count = 0
      // no more than it had, and a byte: one that is written to has no end
      for await (const chunk of readRange(handle, { start: 0, end: size + 1 })) {
        hash.update(chunk)
        count += chunk.length
      }
      if (count !== size) throw refuse(`it changed while it was read: it had ${size} bytes`)
      const digest = `sha256:${hash.digest('hex')}`
      paths.set(digest, path)
      return { mediaType, digest, size }
    },
    async resolve(reference) {
      throw new SealiftError('STORAGE_NOT_FOUND', `${origin} have no names, so not ${reference}`)
    },
    async has(_repository, descriptor) {
      return paths.has(descriptor.digest)
    },
    async open(_repository, descriptor, range) {
      const path = paths.get(descriptor.digest)
      if (!path) throw new SealiftError('STORAGE_NOT_FOUND', `${origin} do not hold ${descriptor.digest}`)
      const { handle } = await openRegular(path, unusable(path))
      return readRange(handle, range ?? { start: 0, end: descriptor.size })
    },
  }
}

const unusable =
  (path: string): Refuse =>
  (why, cause) =>
    new SealiftError('USAGE_FILE', `the file ${path} cannot be read`, { why, fix: `ls -l ${path}`, cause })
