import { throttled } from './throttle.ts'

/** How much of a copy is under way at once. */
export interface Pace {
  readonly limit: number
  /** Tells how many bytes moved just now. */
  moved(bytes: number): void
  close(): void
}

const start = 4
/** a registry client keeps as many connections to one host */
const most = 16
/** milliseconds over which throughput is measured, and windows without another try after one that did not pay */
const window = 500
const patience = 10
/** a try pays when throughput grows by this factor */
const worthwhile = 1.1
/** milliseconds without growth after a place said that it is too much; within the first, it is said once */
const calm = 10_000
const once = 1000

/** Always the same number. */
export const steady = (limit: number): Pace => ({ limit, moved() {}, close() {} })

/**
 * Starts with 4, tries one more step while throughput grows with it, takes the step back where it does not, and halves
 * when a place throttles. So a fast line that one connection can't fill is filled, and a slow one isn't split for nothing.
 * @param onGrow called when more may start
 * @param now milliseconds of a clock that only goes forward
 */
export function adaptive(onGrow: () => void, now: () => number = () => performance.now()): Pace {
  let limit = start
  let since = now()
  let bytes = 0
  /** the limit and the throughput before the step that is being tried */
  let before: { limit: number; rate: number } | undefined
  let calmUntil = 0
  let heard = Number.NEGATIVE_INFINITY

  const onThrottled = () => {
    if (now() - heard < once) return
    heard = now()
    limit = Math.max(1, limit >> 1)
    before = undefined
    calmUntil = heard + calm
  }
  throttled.subscribe(onThrottled)

  return {
    get limit() {
      return limit
    },
    moved(count) {
      bytes += count
      const at = now()
      if (at - since < window) return
      const rate = bytes / (at - since)
      bytes = 0
      since = at
      if (at < calmUntil) return
      if (before && rate < before.rate * worthwhile) {
        limit = before.limit
        before = undefined
        calmUntil = at + patience * window
        return
      }
      if (limit === most) return
      before = { limit, rate }
      limit = Math.min(most, limit + Math.ceil(limit / 2))
      onGrow()
    },
    close() {
      throttled.unsubscribe(onThrottled)
    },
  }
}
