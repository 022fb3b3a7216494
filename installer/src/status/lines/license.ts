import { type LicenseClaims, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import { readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../../install/chart-values.ts'
import { type StatusContext, textAt } from '../context.ts'
import { passed, type StatusLine, unknown, warned } from '../line.ts'

const subject = { id: 'license', title: 'License' }
const day = 86_400
const later = 'one that was uploaded since counts instead: the dashboard shows it, under License'

/** The license that came with the installation, checked by the keys of the release. */
export async function licenseLines({ cluster, namespace, release }: StatusContext): Promise<StatusLine[]> {
  const [secret, helm] = await Promise.all([readSecret(cluster, namespace, secretNames.license), release()])
  const keys = textAt(helm?.values, 'license', 'keys')?.match(/-----BEGIN.+?-----END [A-Z ]+-----/gs) ?? []
  if (secret?.license === undefined) return [unknown(subject, `there is no secret ${secretNames.license}`)]
  if (keys.length === 0) return [unknown(subject, 'the release names no keys that may sign one')]
  let claims: LicenseClaims
  try {
    claims = await readLicense(secret.license, keys)
  } catch (error) {
    return [warned(subject, { found: (error as Error).message, fix: `sealift license inspect FILE; ${later}` })]
  }
  const { tier, customer, features, license_expires: end } = claims
  const found = `${tier} for ${customer}, ${features.seats} seats, ends ${new Date(end * 1000).toISOString().slice(0, 10)}`
  const at = standing(claims)
  const left = Math.ceil((end - Date.now() / 1000) / day)
  if (at === 'entitled' && left >= 30) return [passed(subject, found)]
  const why = at === 'entitled' ? `in ${left} days` : at === 'grace' ? 'it is in its grace period' : `it is ${at}`
  return [warned(subject, { found: `${found}: ${why}`, fix: `ask for a renewal and upload it; ${later}` })]
}
