import type { License } from '../api.ts'
import { days } from './license-warnings.ts'

const words: Record<License['standing'], string> = {
  entitled: 'Valid',
  grace: 'Ended, in its grace period',
  expired: 'Expired',
  early: 'Not yet valid',
  missing: 'None',
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

/** What is left of the term or of the grace after it, which ends `exp`. */
function left({ standing, daysLeft, claims }: License): string {
  const grace = Math.floor(((claims?.exp ?? 0) * 1000 - Date.now()) / 86_400_000)
  if (standing === 'entitled' && daysLeft !== undefined) return `, ${days(daysLeft)} left`
  return standing === 'grace' ? `, ${days(grace)} of it left` : ''
}

/** The claims of a license as a list of terms. */
export function LicenseClaims({ license }: { license: License }) {
  const { claims, standing, mode, seatsUsed } = license
  if (claims === undefined) return null
  const rows: [string, string][] = [
    ['Customer', claims.customer],
    ['Standing', words[standing] + left(license)],
    ['Tier', claims.tier],
    ['Air-gapped mode', claims.features.airgap ? 'included' : 'not included'],
    ['Seats', `${claims.features.seats}${seatsUsed === undefined ? '' : `, ${seatsUsed} in use`}`],
    ['Term', `${date(claims.nbf)} to ${date(claims.license_expires)}`],
    ['Grace period', `until ${date(claims.exp)}`],
    ['License', claims.id],
    ['This site runs', mode === 'airgapped' ? 'air-gapped' : mode],
  ]
  return (
    <dl className="facts">
      {rows.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
