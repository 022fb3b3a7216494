import type { License } from '../api.ts'

/** Days before the end of a term from which it is worth a word. */
const endingSoon = 30

/** What somebody should do something about although the license is good: its end, and its seats. */
export function licenseWarnings({ claims, standing, daysLeft = 0, seatsUsed = 0 }: License): string[] {
  if (claims === undefined) return []
  const { seats } = claims.features
  const end =
    standing === 'grace'
      ? 'The term of the license is over and its grace period runs: upload the next license before that ends too.'
      : standing === 'entitled' && daysLeft < endingSoon
        ? `The license ends in ${days(daysLeft)}. Ask sales for the next one.`
        : undefined
  const many =
    seatsUsed > seats
      ? `${seatsUsed} people may log in, and the license has ${seats} seats. Deactivate who left, or ask sales for more.`
      : undefined
  return [end, many].filter((text) => text !== undefined)
}

/** A number of days in words. */
export const days = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`
