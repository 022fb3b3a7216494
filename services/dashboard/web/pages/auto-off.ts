/** How long a workspace may be idle before it stops, in minutes; null is for ever. */
const offered: readonly (number | null)[] = [null, 30, 60, 120, 240, 480, 1440]

/** A length of idleness in words. */
export function idleness(minutes: number | null): string {
  if (minutes === null) return 'Never'
  const [count, unit] = minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute']
  return `After ${count} ${unit}${count === 1 ? '' : 's'}`
}

/** What can be chosen, with what is set now though it be another. */
export function autoOffChoices(now: number | null): [string, string][] {
  const all = offered.includes(now) ? offered : [...offered, now]
  return all.map((minutes) => [String(minutes ?? ''), idleness(minutes)])
}
