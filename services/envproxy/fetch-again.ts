import { setTimeout as sleep } from 'node:timers/promises'

/** How often a call is tried again, and the pause before, in milliseconds. */
const again = 3
const pauseMs = 100

/**
 * `fetch`, tried again where no answer came: a manager that leaves takes its connections with it, and the next one goes to
 * another. For calls alone that may be made twice. The signal of `init` ends all of it.
 */
export async function fetchAgain(url: string | URL, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  for (let left = again; ; left -= 1)
    try {
      return await fetch(url, init)
    } catch (error) {
      if (left === 0 || init.signal.aborted) throw error
      await sleep(pauseMs, undefined, { signal: init.signal })
    }
}
