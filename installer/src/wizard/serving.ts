import { isDeepStrictEqual } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Draft } from '../answers/draft.ts'
import { serveFlags } from '../install/serve-command.ts'
import type { EventLog } from './event-log.ts'
import { failureOf } from './face.ts'
import { refuseFaults } from './form.ts'
import { errorOf } from './runs.ts'
import { servedIn } from './served.ts'
import type { Amount, Serving } from './view.ts'
import type { Work } from './work.ts'

/** milliseconds between two moves of its bar */
const pace = 250

/** answers that it takes */
const needed = ['/bundle', '/trust', '/license', '/registry']

/** Starts what serves the bundle: a process of its own, which neither the wizard nor its end does anything to. */
export interface ServingRuns {
  /**
   * Starts it, and calls `served` when it answers; how it goes is told as events.
   * @throws SealiftError SESSION_FAULTS where it is not said what to serve where; SESSION_BUSY while it is being started
   */
  start(served: (at: NonNullable<Serving['at']>) => void): void
  /** @throws SealiftError SESSION_BUSY while it is being started: it is about to change the answers */
  assertIdle(): void
  /** Ends a start whose answers have changed, and forgets what was said of those before. What serves already goes on. */
  changed(before: Draft, after: Draft): void
  /** Ends a start. */
  stop(): void
  /** Ends a start, and waits for the end. */
  close(): Promise<void>
}

export function createServing(work: Work, log: EventLog): ServingRuns {
  let controller: AbortController | undefined
  let running: Promise<void> = Promise.resolve()
  const show = (serving?: Serving) => log.add({ type: 'serving', ...(serving ? { serving } : {}) })

  function assertIdle(): void {
    if (controller)
      throw new SealiftError('SESSION_BUSY', 'this cannot be done now', {
        why: 'the registry is being started; wait for it, or stop it',
      })
  }

  async function run(draft: Draft, mine: AbortController, served: (at: NonNullable<Serving['at']>) => void) {
    const { signal } = mine
    const isMine = () => controller === mine
    const told = showing((progress) => isMine() && show({ state: 'starting', progress }))
    try {
      const wanted = servedIn(draft)
      if (wanted === undefined)
        throw new SealiftError('USAGE_ANSWERS', 'the registry is not to be served from the bundle', {
          fix: 'answer registry.kind with serve',
        })
      const { registry, ca, pid, log, already } = await work.serve(wanted, told, signal)
      if (!isMine()) return
      const at = { registry, ...(ca === undefined ? {} : { ca }), pid, log, already }
      show({ state: 'serving', at })
      served(at)
    } catch (error) {
      if (isMine()) show({ state: 'failed', failure: failureOf(errorOf(error, signal)) })
    } finally {
      if (isMine()) controller = undefined
    }
  }

  function end(): void {
    controller?.abort()
  }

  return {
    start(served) {
      assertIdle()
      const { draft, faults } = log.view()
      refuseFaults(faults, needed)
      const mine = new AbortController()
      controller = mine
      show({ state: 'starting' })
      // one that is being ended still has the state directory
      running = running.then(() => run(draft, mine, served))
    },
    assertIdle,
    changed(before, after) {
      if (log.view().serving === undefined || isDeepStrictEqual(asked(before), asked(after))) return
      end()
      controller = undefined
      show()
    },
    stop: end,
    async close() {
      end()
      await running
    },
  }
}

function asked(draft: Draft): unknown {
  const served = servedIn(draft)
  return served && [served.bundle, serveFlags(served)]
}

/** Passes on how far it is, no more often than can be seen. */
function showing(show: (progress: Amount) => void): (done: number, total: number) => void {
  let first: { from: number; since: number } | undefined
  let shown = 0
  return (done, total) => {
    const now = Date.now()
    if (first !== undefined && done < total && now - shown < pace) return
    first ??= { from: done, since: now }
    shown = now
    show({ done, total, unit: 'bytes', ...first })
  }
}
