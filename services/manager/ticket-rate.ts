import { ApiError } from './errors.ts'
import type { TicketSigner } from './tickets.ts'
import { fairShare } from './turns.ts'

const minute = 60_000

/**
 * Tickets for people, so many for each user and minute from this replica: a ticket is a thing that lives, and one who
 * asks for them without end makes the manager do nothing but sign.
 * @throws ApiError 429 TICKETS_USER, from `sign` and `signDevUrl`
 */
export function withTicketRate(signer: TicketSigner, most: number = fairShare.ticketsPerMinute): TicketSigner {
  let counted = new Map<string, number>()
  let ends = Number.NEGATIVE_INFINITY
  const count = (user: string, now: number): void => {
    if (now >= ends) {
      counted = new Map()
      ends = now + minute
    }
    const before = counted.get(user) ?? 0
    if (before >= most)
      throw new ApiError(429, 'TICKETS_USER', `you asked for more than ${most} tickets within a minute`, {
        fix: 'open fewer terminals and pages at a time',
        retryAfter: Math.max(1, Math.ceil((ends - now) / 1000)),
      })
    counted.set(user, before + 1)
  }
  return {
    ...signer,
    async sign(grant, now) {
      count(grant.user, now)
      return await signer.sign(grant, now)
    },
    async signDevUrl(grant, now) {
      count(grant.user, now)
      return await signer.signDevUrl(grant, now)
    },
  }
}
