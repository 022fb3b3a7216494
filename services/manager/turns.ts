import { ApiError } from './errors.ts'

/** How much of this replica one user may take, so that what one does never keeps the others waiting. */
export const fairShare = {
  /** requests of one user: worked on at a time, and begun in a second on average */
  atOnce: 4,
  perSecond: 25,
  /** those that wait for their turn */
  waiting: 128,
  /** WebSockets of one user: two for each page of the dashboard that is open */
  websockets: 64,
  /** tickets for one user in a minute */
  ticketsPerMinute: 240,
} as const

/** `burst`: how many may begin at once after a rest */
type Share = { atOnce: number; perSecond: number; burst: number; waiting: number }
type Line = {
  under: number
  tokens: number
  filled: number
  waiting: (() => void)[]
  timer: NodeJS.Timeout | undefined
}

/** Lets each user's requests go on at a steady pace, first come, first served; who sends more waits for their own. */
export type Turns = {
  /**
   * Waits for the user's turn; the function it resolves with ends it.
   * @throws ApiError 429 REQUESTS_USER when too many of theirs wait already
   */
  take(user: string): Promise<() => void>
}

/** A token bucket for each user, and a bound on what is worked on at a time. `clock` is in milliseconds. */
export function createTurns(
  { atOnce, perSecond, burst, waiting }: Share,
  clock: () => number = () => performance.now(),
): Turns {
  const lines = new Map<string, Line>()

  const proceed = (line: Line): void => {
    const now = clock()
    line.tokens = Math.min(burst, line.tokens + ((now - line.filled) / 1000) * perSecond)
    line.filled = now
    while (line.waiting.length > 0 && line.under < atOnce && line.tokens >= 1) {
      line.tokens -= 1
      line.under += 1
      line.waiting.shift()?.()
    }
    if (line.waiting.length === 0 || line.under >= atOnce || line.timer !== undefined) return
    line.timer = setTimeout(
      () => {
        line.timer = undefined
        proceed(line)
      },
      Math.ceil(((1 - line.tokens) / perSecond) * 1000),
    )
  }

  return {
    async take(user) {
      const line = lines.get(user) ?? { under: 0, tokens: burst, filled: clock(), waiting: [], timer: undefined }
      lines.set(user, line)
      if (line.waiting.length >= waiting)
        throw new ApiError(429, 'REQUESTS_USER', `${waiting} of your requests wait for their turn already`, {
          why: `one user's requests are answered at ${perSecond} a second, ${atOnce} at a time`,
          fix: 'wait for answers before you ask for more',
          retryAfter: Math.ceil(waiting / perSecond),
        })
      await new Promise<void>((resolve) => {
        line.waiting.push(resolve)
        proceed(line)
      })
      let ended = false
      return () => {
        if (ended) return
        ended = true
        line.under -= 1
        proceed(line)
      }
    },
  }
}
