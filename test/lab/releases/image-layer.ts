import { gzipSync } from 'node:zlib'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { Header } from 'tar/header'

/** A layer of an image: what is pushed, and the digest of the tar in it (image-spec, config.md, `rootfs.diff_ids`). */
export interface ImageLayer {
  bytes: Uint8Array
  diffId: string
}

const record = 512

/** A layer of text files, by their paths in the image. The same files make the same bytes. */
export function layerOf(files: Readonly<Record<string, string>>): ImageLayer {
  const records = Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([path, text]) => {
      const content = Buffer.from(text)
      const header = Buffer.alloc(record)
      new Header({ path, mode: 0o644, uid: 0, gid: 0, size: content.length, mtime: new Date(0), type: 'File' }).encode(
        header,
        0,
      )
      return [header, content, Buffer.alloc(-content.length & (record - 1))]
    })
  const tar = Buffer.concat([...records, Buffer.alloc(2 * record)])
  return { bytes: gzipSync(tar), diffId: digestOf(tar) }
}
