import { assertLicensed, readLicense } from '@sealift/bundle-spec/license.ts'
import { daysUntil } from '../amounts.ts'
import { installationAct } from '../install/act.ts'
import { readLicenseFile } from '../install/license-file.ts'
import { termOf } from '../license/term.ts'
import type { Check } from './check.ts'

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
    const { id, customer, tier, features } = claims
    const found = `license ${id} of ${customer}: ${tier}, ${features.seats} seats, ${termOf(claims)}`
    if (daysUntil(new Date(claims.license_expires * 1000)) >= early) return { state: 'passed', found }
    return {
      state: 'failed',
      level: 'warning',
      code: 'LICENSE_ENDING',
      found,
      needed: `at least ${early} days`,
      fix: 'ask for a renewal',
    }
  },
}
