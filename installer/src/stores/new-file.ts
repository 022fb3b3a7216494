import { open, rm } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { checkTarget } from './target.ts'
import { writeFailure } from './write-failure.ts'

/**
 * Writes a file that must not be there yet, durably; nothing is left of it where that fails.
 * @throws SealiftError USAGE_EXISTS, USAGE_OUT, STORAGE_FULL, STORAGE_WRITE
 */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  checkTarget(path)
  const file = await open(path, 'wx', mode).catch((cause) => {
    if (cause.code !== 'EEXIST') throw writeFailure(path, cause)
    throw new SealiftError('USAGE_EXISTS', `${path} exists already and is not overwritten`, {
      fix: 'choose another name: --out NAME',
    })
  })
  try {
    await file.writeFile(text)
    await file.sync()
  } catch (cause) {
    await rm(path, { force: true })
    throw writeFailure(path, cause)
  } finally {
    await file.close()
  }
}
