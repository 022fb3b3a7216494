import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { throttled } from '@sealift/bundle-spec/throttle.ts'
import { duration } from '../../amounts.ts'
import { type Asked, TransientFailure } from './failure.ts'
import { publishWaiting } from './waiting.ts'

export interface RetryPolicy {
  /** attempts in all */
  attempts: number
  /** milliseconds before the second attempt; doubles with each further one */
  base: number
}

export const defaultRetry: RetryPolicy = { attempts: 5, base: 250 }

/** milliseconds: the longest pause of our own, and the shortest of which is told */
const longest = 10_000
const worthTelling = 1000

/** The attempts at one thing that is asked for. */
export interface Attempts {
  /** failures since it last got anywhere */
  readonly failures: number
  /** milliseconds that it may still take to get anywhere */
  left(): number
  /** It got somewhere: attempts and time count anew. */
  progress(): void
  /**
   * Waits for the next attempt after a failure that may pass: a time that grows (half of it is chance, so that many
   * clients do not come back at once), or as long as the registry asks (Retry-After). Copies hear of a registry that is
   * asked too much, and whoever shows progress of the wait.
   * @throws the failure where there is no next attempt; SealiftError with its code where the registry asks for a wait
   * beyond the patience; `signal.reason`
   */
  next(failure: unknown, signal?: AbortSignal): Promise<void>
}

/** Begins to count. `patience`: milliseconds for all attempts and the waits between them. */
export function attemptsAt({ host }: Asked, { attempts, base }: RetryPolicy, patience: number): Attempts {
  let failures = 0
  let since = performance.now()
  const left = () => patience - (performance.now() - since)
  return {
    get failures() {
      return failures
    },
    left,
    progress() {
      failures = 0
      since = performance.now()
    },
    async next(failure, signal) {
      if (!(failure instanceof TransientFailure) || failures + 1 >= attempts) throw failure
      if (failure.throttled) throttled.publish(failure.code)
      const own = Math.min(base * 2 ** failures, longest) * (0.5 + Math.random() / 2)
      const asked = failure.retryAfter ?? 0
      const wait = Math.max(asked, own)
      if (wait > left()) throw asked > own ? tooLong(failure, host, asked, patience) : failure
      failures++
      if (wait >= worthTelling)
        publishWaiting({
          host,
          text: `${host} ${asked > own ? 'asks to wait' : 'failed, again in'} ${duration(wait)}${asked > own ? ' (Retry-After)' : ''}, attempt ${failures + 1} of ${attempts}`,
        })
      await sleep(wait, undefined, signal ? { signal } : {}).catch((error) => {
        throw signal?.aborted ? signal.reason : error
      })
    },
  }
}

function tooLong(failure: TransientFailure, host: string, asked: number, patience: number): SealiftError {
  const minutes = Math.ceil(asked / 60_000) + 1
  return new SealiftError(failure.code, `${host} asks to wait ${duration(asked)} before the next attempt`, {
    why: `${failure.why}; it gets ${duration(patience)} in all`,
    fix:
      minutes > 24 * 60
        ? `ask who runs ${host} why, or run it again another day`
        : `run it again later; seed and bundle build wait that long with --patience ${minutes}m`,
    cause: failure,
  })
}

/** Runs `work` again after failures that may pass, as `attempts` say; it is told the milliseconds that are left. */
export async function retrying<T>(
  work: (left: number) => Promise<T>,
  attempts: Attempts,
  signal?: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await work(attempts.left())
    } catch (error) {
      await attempts.next(error, signal)
    }
  }
}

/** Milliseconds of a Retry-After header: seconds or a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
  // what parsers of dates make of other texts is chance
  const date = /^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
