import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { certificatesProblem } from '../certificates/chain.ts'
import { readSmallText } from '../input/small-file.ts'
import { missingFile } from './missing-file.ts'

/** The text of a small file that an answer names. @throws SealiftError USAGE_ANSWERS */
export const small = (file: string, field: string): string =>
  readSmallText(file, limits.smallFile, unusable(file, field))

/** The certificates of CAs (PEM) in a file that an answer names: all of them are good. @throws SealiftError USAGE_ANSWERS */
export function smallCa(file: string, field: string): string {
  const pem = small(file, field)
  const problem = certificatesProblem(pem)
  if (problem !== undefined) throw unusable(file, field)(problem)
  return pem
}

const unusable = (file: string, field: string) => (why: string, cause?: unknown) =>
  new SealiftError('USAGE_ANSWERS', `the file of the answer ${field} cannot be read: ${file}`, {
    why,
    fix: missingFile(file),
    cause,
  })
