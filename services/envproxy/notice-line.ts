import type { Notice } from './notices.ts'

const minute = 60_000

/** A notice in one line, for a terminal whose time zone nobody knows. `now` as the manager tells it. */
export function noticeLine(
  { says, startsAt, endsAt }: Pick<Notice, 'says' | 'startsAt' | 'endsAt'>,
  now: string,
): string {
  const left = Date.parse(startsAt) - Date.parse(now)
  const when =
    left > 0 ? `Begins ${soon(left)}, at ${clock(startsAt, now)}.` : `Under way until about ${clock(endsAt, now)}.`
  return `*** ${says} ${when} ***`
}

function soon(left: number): string {
  if (left < minute) return `in ${Math.ceil(left / 1000)} seconds`
  const minutes = Math.round(left / minute)
  if (minutes === 1) return 'in a minute'
  return minutes < 120 ? `in ${minutes} minutes` : `in ${Math.round(minutes / 60)} hours`
}

/** The time, with its date where that is another one than today. */
function clock(time: string, now: string): string {
  const [date, hours = ''] = new Date(time).toISOString().split('T')
  const today = new Date(now).toISOString().startsWith(date ?? '')
  return `${today ? '' : `${date} `}${hours.slice(0, 5)} UTC`
}
