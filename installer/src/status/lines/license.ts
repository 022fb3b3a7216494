import { type LicenseClaims, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import { daysUntil } from '../../amounts.ts'
import { readSecret } from '../../cluster/apply.ts'
import { textAt } from '../../cluster/chart-values.ts'
import { secretNames } from '../../install/chart-values.ts'
import { termOf } from '../../license/term.ts'
import type { StatusContext } from '../context.ts'
import { type LicenseInForce, licenseInForce } from '../license-in-force.ts'
import { failed, passed, type StatusLine, unknown, warned } from '../line.ts'

const subject = { id: 'license', title: 'License' }
/** days before its end from which a license is warned of */
const early = 30
const renew = 'ask for a renewal, and upload it in the dashboard: License'

/** The license that counts: the manager knows, which also has those that were uploaded. Else the one of the installation. */
export async function licenseLines(context: StatusContext): Promise<StatusLine[]> {
  const { cluster, namespace, receipt } = context
  const [installed, inForce] = await Promise.all([
    ofInstallation(context).catch((error: Error) => error),
    licenseInForce(cluster, namespace).catch((error: Error) => error),
  ])
  cluster.signal.throwIfAborted()
  if (inForce instanceof Error) return [unasked(installed, inForce)]
  if (inForce === undefined)
    return [warned(subject, { found: 'the manager has none', fix: 'upload one in the dashboard: License' })]
  const name = nameInForce(inForce, installed)
  if (inForce.standing === 'entitled' || inForce.standing === 'grace') return [lasting(name, inForce)]
  const words = {
    found: inForce.standing === 'refused' ? `${name}: it is not for a site like this` : `${name}, ${termOf(inForce)}`,
    fix: renew,
  }
  // only an air-gapped site stands still without one
  return [(await receipt())?.site?.mode === 'airgapped' ? failed(subject, words) : warned(subject, words)]
}

function lasting(name: string, term: Pick<LicenseInForce, 'license_expires' | 'exp'>, note = ''): StatusLine {
  const found = `${name}, ${termOf(term)}${note}`
  return daysUntil(new Date(term.license_expires * 1000)) >= early
    ? passed(subject, found)
    : warned(subject, { found, fix: renew })
}

/** What can be said where the manager could not be asked. */
function unasked(installed: LicenseClaims | Error, why: Error): StatusLine {
  const upload = `whether another one was uploaded since cannot be known (the dashboard shows it): ${why.message}`
  if (installed instanceof Error) return unknown(subject, `${installed.message}; ${upload}`)
  if (standing(installed) === 'entitled')
    return lasting(nameOf(installed), installed, `; it came with the installation, and ${upload}`)
  return warned(subject, { found: `${nameOf(installed)}, ${termOf(installed)}; ${upload}`, fix: renew })
}

function nameInForce({ tier, id }: LicenseInForce, installed: LicenseClaims | Error): string {
  if (installed instanceof Error) return `${tier}, license ${id}`
  return installed.id === id ? nameOf(installed) : `${tier}, license ${id}, uploaded since the installation`
}

const nameOf = ({ tier, customer, features }: LicenseClaims): string =>
  `${tier} for ${customer}, ${features.seats} seats`

/** The license that came with the installation, checked by the keys of the release. @throws SealiftError, Error why there is none */
async function ofInstallation({ cluster, namespace, release }: StatusContext): Promise<LicenseClaims> {
  const [secret, helm] = await Promise.all([readSecret(cluster, namespace, secretNames.license), release()])
  const keys = textAt(helm?.values, 'license', 'keys')?.match(/-----BEGIN.+?-----END [A-Z ]+-----/gs) ?? []
  if (secret?.license === undefined) throw new Error(`there is no secret ${secretNames.license}`)
  if (keys.length === 0) throw new Error('the release names no keys that may sign one')
  return await readLicense(secret.license, keys)
}
