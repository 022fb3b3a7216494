import { readFileSync, statSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { assertLicensed, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { installationAct } from '../act.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

const day = 86_400

export const licenseStage: Stage<InstallContext> = {
  id: 'license',
  title: 'Check the license',
  inPlace: '',
  needed: async () => true,
  async run({ answers, bundle }, report) {
    const claims = await readLicense(readLicenseFile(answers.license), bundle.release.licenseKeys)
    assertLicensed(claims, installationAct(answers, bundle.release))
    report.info(`license ${claims.id} of ${claims.customer}: ${claims.tier}, ${claims.features.seats} seats`)
    const left = Math.floor(claims.license_expires - Date.now() / 1000)
    if (standing(claims) === 'grace') report.warn('the license has ended and is in its grace period: ask for a renewal')
    else if (left < 30 * day) report.warn(`the license ends in ${Math.ceil(left / day)} days: ask for a renewal`)
  },
}

/** @throws SealiftError USAGE_LICENSE_FILE */
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
