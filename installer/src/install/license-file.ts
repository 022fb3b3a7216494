import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readSmallText } from '../input/small-file.ts'

/** The text of a license file. @throws SealiftError USAGE_LICENSE_FILE */
export const readLicenseFile = (file: string): string =>
  readSmallText(
    file,
    limits.license,
    (why, cause) =>
      new SealiftError('USAGE_LICENSE_FILE', `the license file ${file} cannot be read`, {
        why,
        fix: `ls -l ${file}`,
        cause,
      }),
  ).trim()
