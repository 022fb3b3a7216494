import { readFileSync, statSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { missingFile } from './missing-file.ts'

/** The text of a small file that an answer names. @throws SealiftError USAGE_ANSWERS */
export function small(file: string, field: string): string {
  try {
    const info = statSync(file)
    if (!info.isFile() || info.size > 256 * 1024) throw new Error('it is not a small file')
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SealiftError('USAGE_ANSWERS', `the file of the answer ${field} cannot be read: ${file}`, {
      why: (cause as Error).message,
      fix: missingFile(file),
      cause,
    })
  }
}
