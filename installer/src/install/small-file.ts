import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readSmallText } from '../input/small-file.ts'
import { missingFile } from './missing-file.ts'

/** The text of a small file that an answer names. @throws SealiftError USAGE_ANSWERS */
export const small = (file: string, field: string): string =>
  readSmallText(
    file,
    limits.smallFile,
    (why, cause) =>
      new SealiftError('USAGE_ANSWERS', `the file of the answer ${field} cannot be read: ${file}`, {
        why,
        fix: missingFile(file),
        cause,
      }),
  )
