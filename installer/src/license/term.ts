import { type LicenseStanding, standing } from '@sealift/bundle-spec/license.ts'
import { dayOfSeconds, fromNow } from '../amounts.ts'

/** Ends of a license, in seconds since 1970, named as its claims are. */
export interface Term {
  nbf?: number
  license_expires: number
  exp: number
}

/** Until when a license counts, in words, and for how many days still: `ends 2027-11-29, in 512 days`. */
export function termOf(term: Term, at: LicenseStanding = standing({ nbf: 0, ...term })): string {
  const end = dayOfSeconds(term.license_expires)
  const left = (seconds: number) => fromNow(new Date(seconds * 1000))
  if (at === 'early') return `begins ${term.nbf === undefined ? 'later' : dayOfSeconds(term.nbf)}, ends ${end}`
  if (at === 'entitled') return `ends ${end}, ${left(term.license_expires)}`
  if (at === 'grace') return `ended ${end}; its grace period ends ${dayOfSeconds(term.exp)}, ${left(term.exp)}`
  return `ended ${end}`
}
