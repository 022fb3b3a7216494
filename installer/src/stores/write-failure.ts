import { SealiftError } from '@sealift/bundle-spec/error.ts'

/**
 * Why a file cannot be written, with a code: STORAGE_FULL, STORAGE_WRITE. What is an error of ours already, or an abort, stays
 * as it is. `fix` is what helps where the file is too large for its file system.
 */
export function writeFailure(path: string, cause: unknown, fix?: string): Error {
  const { code, name } = cause as NodeJS.ErrnoException
  if (cause instanceof SealiftError || name === 'AbortError' || code === undefined) return cause as Error
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SealiftError('STORAGE_FULL', `the disk of ${path} is full`, {
      fix: 'free space, then run the same command again: it goes on',
      cause,
    })
  if (code === 'EFBIG')
    return new SealiftError('STORAGE_WRITE', `${path} is too large for its file system`, {
      why: 'FAT32 holds files below 4 GiB',
      fix: fix ?? 'write it to another file system',
      cause,
    })
  return new SealiftError('STORAGE_WRITE', `${path} cannot be written`, { why: code, cause })
}
