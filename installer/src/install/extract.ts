import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { hexOf } from '@sealift/bundle-spec/descriptor.ts'
import { type Content, takeOut } from '../stores/bundle/take-out.ts'

/**
 * Takes a file out of the bundle into `<directory>/<digest>/<name>`; one that is there and still has its digest is kept.
 * Returns its path.
 * @throws SealiftError BUNDLE_CONTENT, STORAGE_EXTRACT
 */
export async function extract(content: Content, directory: string, name: string, mode: number): Promise<string> {
  const { digest } = content.descriptor
  const target = path.join(directory, hexOf(digest).slice(0, 16), name)
  if ((await hashOf(target)) !== digest) await takeOut(content, target, mode)
  return target
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk)
    return `sha256:${hash.digest('hex')}`
  } catch {
    return undefined
  }
}
