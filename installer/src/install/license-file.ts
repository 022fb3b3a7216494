import { readFileSync, statSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'

/** The text of a license file. @throws SealiftError USAGE_LICENSE_FILE */
export function readLicenseFile(file: string): string {
  try {
    const info = statSync(file)
    if (!info.isFile() || info.size > limits.license) throw new Error('it is not a small file')
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new SealiftError('USAGE_LICENSE_FILE', `the license file ${file} cannot be read`, {
      why: (cause as Error).message,
      fix: `ls -l ${file}`,
      cause,
    })
  }
}
