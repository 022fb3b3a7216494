import { bytes, duration } from '../../amounts.ts'
import { type Asked, slowFailure } from './failure.ts'
import { publishWaiting } from './waiting.ts'

/** looks within the time that is allowed, and the most milliseconds between two */
const looks = 12
const longest = 2_500

/** What the other side has to do, and how long it may take. */
export interface Demand {
  /** milliseconds of waiting for it after which it is looked at what came */
  window: number
  /** bytes a second that have to come within a window; 0: a window in which nothing moves is too long */
  pace: number
}

/**
 * Looks on while we wait for the other side, and tells when it is too slow. Only what is spent waiting counts: neither
 * the time that whoever takes or gives the bytes needs, nor that in which this process stands still. It is measured by
 * looking now and then, so not to the millisecond.
 */
export interface Watch {
  /** We wait, from now on; or it is our turn. */
  waits(now: boolean): void
  /** Bytes came or went. */
  moved(bytes: number): void
  /** What has to come next may take longer. */
  allow(window: number): void
  end(): void
}

/** Begins to look on. `onSlow` gets REGISTRY_TIMEOUT, once. */
export function startWatch(
  { host, operation }: Asked,
  { window: allowed, pace }: Demand,
  onSlow: (failure: Error) => void,
): Watch {
  const step = Math.min(allowed / looks, longest)
  let window = allowed
  let waiting = true
  let waited = 0
  let silent = 0
  let came = 0
  const look = () => {
    if (!waiting) return
    waited += step
    silent += step
    const slow = came === 0 || came < (pace * waited) / 1000
    if (waited >= window) {
      if (slow) {
        clearInterval(timer)
        return onSlow(slowFailure({ host, operation }, { bytes: came, ms: waited, pace }))
      }
      waited = 0
      came = 0
    }
    // what a single look sees may have begun just before it
    if (silent > step) publishWaiting({ host, text: `waiting for ${host}: ${duration(silent)}` })
    else if (slow && waited > step)
      publishWaiting({ host, text: `${host} sends ${bytes(Math.round((came * 1000) / waited))}/s` })
  }
  const timer = setInterval(look, step).unref()
  return {
    waits(now) {
      waiting = now
      silent = 0
    },
    moved(count) {
      silent = 0
      came += count
      if (pace > 0) return
      waited = 0
      came = 0
    },
    allow(longer) {
      window = longer
      waited = 0
    },
    end: () => clearInterval(timer),
  }
}
