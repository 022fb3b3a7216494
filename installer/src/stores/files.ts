import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'

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
      const info = await stat(path).catch(() => undefined)
      if (!info?.isFile()) throw new SealiftError('USAGE_FILE', `there is no file ${path}`)
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
      const digest = `sha256:${hash.digest('hex')}`
      paths.set(digest, path)
      return { mediaType, digest, size: info.size }
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
      return createReadStream(path, {
        highWaterMark: 1 << 20,
        ...(range ? { start: range.start, end: range.end - 1 } : {}),
      })
    },
  }
}
