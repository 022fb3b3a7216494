import { open } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** Writes a file that must not be there yet, durably. @throws SealiftError USAGE_EXISTS, STORAGE_WRITE */
export async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode)
    await file.writeFile(text)
    await file.sync()
    await file.close()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new SealiftError('USAGE_EXISTS', `${path} exists already and is not overwritten`, {
        fix: 'choose another name: --out NAME',
      })
    throw new SealiftError('STORAGE_WRITE', `${path} cannot be written`, { why: code, cause })
  }
}
