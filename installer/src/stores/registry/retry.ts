import { setTimeout as sleep } from 'node:timers/promises'
import { throttled } from '@sealift/bundle-spec/throttle.ts'
import { TransientFailure } from './failure.ts'

export interface RetryPolicy {
  /** attempts in all */
  attempts: number
  /** milliseconds before the second attempt; doubles with each further one */
  base: number
}

export const defaultRetry: RetryPolicy = { attempts: 5, base: 250 }

/** milliseconds: the longest pause of our own, and the longest that a registry may ask for */
const longest = { own: 10_000, asked: 60_000 }

/**
 * Runs `work` again after failures that may pass, with pauses that grow (half of each is chance, so that many clients
 * do not come back at once) or that the registry asked for.
 */
export async function retrying<T>(work: () => Promise<T>, policy: RetryPolicy, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof TransientFailure) || attempt >= policy.attempts) throw error
      await pauseAfter(error, attempt, policy, signal)
    }
  }
}

/** Waits after a failure, as the registry asked; copies hear of a registry that is asked too much. @throws `signal.reason` when aborted */
export async function pauseAfter(
  failure: TransientFailure,
  attempt: number,
  { base }: RetryPolicy,
  signal?: AbortSignal,
): Promise<void> {
  if (failure.throttled) throttled.publish(failure.code)
  await pause(attempt, base, signal, failure.retryAfter)
}

/** Waits before attempt number `attempt + 1`. @throws `signal.reason` when aborted */
export async function pause(attempt: number, base: number, signal?: AbortSignal, asked?: number): Promise<void> {
  const own = Math.min(base * 2 ** (attempt - 1), longest.own) * (0.5 + Math.random() / 2)
  const wait = asked === undefined ? own : Math.min(Math.max(asked, own), longest.asked)
  try {
    await sleep(wait, undefined, signal ? { signal } : {})
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}

/** Milliseconds of a Retry-After header: seconds or a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
