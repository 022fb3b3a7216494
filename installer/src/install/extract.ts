import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { hexOf } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Content } from './bundle.ts'

/**
 * Takes a file out of the bundle into `<directory>/<digest>/<name>`; one that is there and still has its digest is kept.
 * It appears under its name only when all of it is on the disk and proven. Returns its path.
 * @throws SealiftError BUNDLE_CONTENT, STORAGE_EXTRACT
 */
export async function extract(content: Content, directory: string, name: string, mode: number): Promise<string> {
  const { digest } = content.descriptor
  const target = path.join(directory, hexOf(digest).slice(0, 16), name)
  if ((await hashOf(target)) === digest) return target
  const partial = `${target}.partial`
  try {
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    const file = await open(partial, 'w', mode)
    try {
      // content is hashed as it is read: it throws at the end where it does not match
      for await (const chunk of await content.bytes()) await file.writeFile(chunk)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, target)
    return target
  } catch (cause) {
    if (cause instanceof SealiftError) throw cause
    throw new SealiftError('STORAGE_EXTRACT', `${name} cannot be taken out of the bundle to ${target}`, {
      why: (cause as Error).message,
      fix: `see how much room there is: df -h ${directory}`,
      cause,
    })
  }
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
