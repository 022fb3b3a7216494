import { assertLicensed, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import { installationAct } from '../install/act.ts'
import { readLicenseFile } from '../install/license-file.ts'
import type { Check } from './check.ts'

const day = 86_400
/** days before its end from which a license is warned of */
const early = 30

export const license: Check = {
  id: 'license',
  title: 'The license allows this installation',
  protects: 'license',
  why: 'Nothing is installed without it, and the platform would not work.',
  level: 'error',
  strict: true,
  async run({ answers, bundle }) {
    const claims = await readLicense(readLicenseFile(answers.license), bundle.release.licenseKeys)
    assertLicensed(claims, installationAct(answers, bundle.release))
    const left = Math.floor(claims.license_expires - Date.now() / 1000)
    const found = `license ${claims.id} of ${claims.customer}: ${claims.tier}, ${claims.features.seats} seats`
    if (standing(claims) !== 'grace' && left >= early * day) return { state: 'passed', found }
    return {
      state: 'failed',
      level: 'warning',
      code: 'LICENSE_ENDING',
      found:
        left > 0
          ? `${found}; it ends in ${Math.ceil(left / day)} days`
          : `${found}; it has ended and is in its grace period`,
      needed: `at least ${early} days`,
      fix: 'ask for a renewal',
    }
  },
}
