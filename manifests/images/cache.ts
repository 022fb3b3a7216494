import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where things are kept that take long to make, outside the work tree. */
export const cacheDirectory = (): string => process.env.SEALIFT_CACHE ?? join(homedir(), '.cache', 'sealift')

/** Makes a file by way of a temporary name, so that it is there whole or not at all. */
export async function makeFile(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await make(temporary)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
