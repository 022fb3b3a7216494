import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { withLock } from '../../manifests/images/lock.ts'

/** Hash of everything that a cached thing is made from: 16 hex digits. */
export function hashInputs(inputs: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(`${input.length}\n`).update(input)
  return hash.digest('hex').slice(0, 16)
}

/**
 * The directory `<cache>/bin/<key>`, made by `make` where it is missing: `make` fills a temporary directory that is
 * renamed when whole, so that a reader never sees half of it. Of several processes one makes it and the others wait.
 */
export async function cached(
  key: string,
  timeout: number,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = join(cacheDirectory(), 'bin', key)
  if (existsSync(directory)) return directory
  const once = async () => {
    if (existsSync(directory)) return directory
    const partial = `${directory}.${randomBytes(4).toString('hex')}.partial`
    await mkdir(partial, { recursive: true })
    try {
      await make(partial)
      await rename(partial, directory)
    } catch (error) {
      await rm(partial, { recursive: true, force: true })
      throw error
    }
    return directory
  }
  return await withLock(`cache ${directory}`, once, { patience: timeout })
}
