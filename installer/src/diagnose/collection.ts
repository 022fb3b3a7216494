import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Redactor } from './redact.ts'
import type { Spool } from './spool.ts'

/** A part that is not in the archive, and why. */
export interface Missing {
  part: string
  code: string
  why: string
}

/** A diagnosis while it is made. */
export interface Collection {
  readonly spool: Spool
  readonly redactor: Redactor
  readonly missing: readonly Missing[]
  /**
   * Runs one part with its own time limit. One that fails is noted and stops nothing.
   * @returns what `work` returns; undefined where it failed
   */
  attempt<T>(part: string, limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** Notes that something is not there. */
  miss(part: string, error: unknown): void
}

/** @param signal ends everything: then `attempt` throws its reason */
export function collection(spool: Spool, redactor: Redactor, signal: AbortSignal): Collection {
  const missing: Missing[] = []
  const miss: Collection['miss'] = (part, error) => {
    const { code, message, why } = error as Partial<SealiftError>
    const said = [message ?? String(error), why].filter(Boolean).join(': ')
    missing.push({
      part: redactor.text(part),
      code: error instanceof SealiftError ? error.code : String(code ?? 'FAILED'),
      why: redactor.text(said.replace(/\s+/g, ' ').slice(0, 1000)),
    })
  }
  return {
    spool,
    redactor,
    missing,
    miss,
    async attempt(part, limit, work) {
      signal.throwIfAborted()
      const own = new AbortController()
      const until = AbortSignal.any([signal, own.signal])
      try {
        // what does not listen to its signal is left alone
        return await Promise.race([work(until), late(limit, until)])
      } catch (error) {
        signal.throwIfAborted()
        miss(part, error)
        return undefined
      } finally {
        own.abort()
      }
    },
  }
}

async function late(limit: number, signal: AbortSignal): Promise<never> {
  await setTimeout(limit, undefined, { signal, ref: true })
  throw Object.assign(new Error(`it took longer than ${limit / 1000} s`), { code: 'TIMEOUT' })
}

/** parts in a row that may find nobody */
const mostUnreachable = 5

/**
 * The same collection for parts of one peer, with a time limit for all of them (milliseconds). Where the peer has stopped
 * answering, what is left is not tried any more.
 */
export function inTime(collection: Collection, limit: number): Collection {
  const end = performance.now() + limit
  let unreachable = 0
  return {
    ...collection,
    async attempt(part, limit, work) {
      const left = end - performance.now()
      const why =
        left <= 0
          ? 'the time for the cluster was over'
          : unreachable >= mostUnreachable
            ? 'the cluster had stopped answering'
            : undefined
      if (why !== undefined) {
        collection.miss(part, Object.assign(new Error(why), { code: 'SKIPPED' }))
        return undefined
      }
      const begun = performance.now()
      const own = Math.min(limit, left)
      let gone = false
      const found = await collection.attempt(part, own, (signal) =>
        work(signal).catch((error) => {
          gone = (error as { code?: unknown } | null)?.code === 'CLUSTER_UNREACHABLE'
          throw error
        }),
      )
      unreachable = gone || performance.now() - begun >= own ? unreachable + 1 : 0
      return found
    },
  }
}
