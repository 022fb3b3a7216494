/** Bytes for people: 3 digits, powers of 1000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = 0
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}

/** Milliseconds for people. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** The day of a time, in UTC: 2027-11-29. */
export const day = (time: Date): string => time.toISOString().slice(0, 10)

/** The day of a time as JWTs have it, in seconds since 1970. */
export const dayOfSeconds = (seconds: number): string => day(new Date(seconds * 1000))

/** A time to the minute, in UTC: 2027-11-29 13:05 UTC. */
export const minute = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Whole days from now until a time; those that have begun count. Negative after it. */
export const daysUntil = (time: Date): number => Math.ceil((time.getTime() - Date.now()) / 86_400_000)

/** How far away the day of a time is: `in 5 days`, `today`, `3 days ago`. */
export function fromNow(time: Date): string {
  const days = daysUntil(time)
  if (days > 0) return `in ${counted(days, 'day')}`
  return days === 0 ? 'today' : `${counted(-days, 'day')} ago`
}

/** `1 certificate`, `2 certificates`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
