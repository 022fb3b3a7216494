import type { Check, Finding } from './check.ts'

/** seconds of difference that are warned of, and that are refused: tokens and certificates are not valid yet, or no more */
export const skew = { warning: 1, error: 60 }

export const clock: Check = {
  id: 'clock',
  title: 'The clocks of this machine and of the API server agree',
  protects: 'deploy',
  why: 'Tokens, licenses and certificates that one makes are not valid yet, or no more, for the other.',
  level: 'warning',
  after: ['api'],
  async run({ cluster }) {
    const { headers, sent, received } = await cluster().ask('GET', '/version')
    const date = Date.parse(headers.date ?? '')
    if (Number.isNaN(date)) return { state: 'skipped', found: 'the API server does not tell its time' }
    return judged(apart(date, date + 1000, sent, received), 'the API server')
  },
}

/**
 * Seconds by which a clock is certainly ahead (or, below zero, behind): it showed something between `first` and `last`
 * while here it was something between `sent` and `received`. Milliseconds since 1970.
 */
export function apart(first: number, last: number, sent: number, received: number): number {
  if (first > received) return (first - received) / 1000
  return last < sent ? (last - sent) / 1000 : 0
}

/** A finding about a clock by how far it is off, in seconds. */
export function judged(seconds: number, whose: string): Finding {
  const off = Math.abs(seconds)
  if (off <= skew.warning) return { state: 'passed', found: `${whose}: less than ${skew.warning + 1} s apart` }
  return {
    state: 'failed',
    level: off > skew.error ? 'error' : 'warning',
    code: 'CLUSTER_CLOCK',
    found: `the clock of ${whose} is ${Math.round(off)} s ${seconds > 0 ? 'ahead' : 'behind'}`,
    needed: `${skew.warning} s at most; from ${skew.error} s on nothing is installed`,
    fix: 'let all machines take their time from one server of the site: timedatectl status; chronyc tracking',
  }
}
