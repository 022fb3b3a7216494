import { isDeepStrictEqual } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { answerAt, type Draft } from '../../answers/draft.ts'
import { questions } from '../../answers/questions.ts'
import { printable } from '../../printable.ts'
import { failureOf } from '../face.ts'
import type { Look, Looked } from '../view.ts'
import type { Lookout } from './look.ts'

/** milliseconds of one look */
const defaultPatience = 10_000

/** facts of one look, and values to choose from */
const most = { facts: 60, choices: 200 }

export interface Lookouts {
  /** Looks, anew where it is at it. */
  look(look: Look, draft: Draft): void
  /** Ends and forgets what was looked at with other answers. */
  changed(before: Draft, after: Draft): void
  /** Ends all. */
  close(): void
}

/**
 * Runs looks, one of a kind at a time. `tell` gets what each has found so far, undefined where it counts no more; `known`
 * are those that an earlier process has told.
 */
export function createLookouts(
  places: Readonly<Record<Look, Lookout>>,
  tell: (look: Look, looked?: Looked) => void,
  known: readonly Look[] = [],
  patience = defaultPatience,
): Lookouts {
  /** looks whose answers have not changed since */
  const standing = new Set<Look>(known)
  const running = new Map<Look, AbortController>()

  async function run(look: Look, draft: Draft, controller: AbortController): Promise<void> {
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(patience)])
    const facts: Looked['facts'][number][] = []
    const choices: Record<string, readonly string[]> = {}
    const show = (state: Looked['state'], failure?: Looked['failure']) => {
      if (running.get(look) !== controller) return
      const chosen = Object.keys(choices).length > 0 ? { choices: { ...choices } } : {}
      tell(look, { state, facts: [...facts], ...chosen, ...(failure ? { failure } : {}) })
    }
    show('looking')
    try {
      const looking = {
        draft,
        signal,
        fact(label: string, text: string, bad = false) {
          if (facts.length < most.facts) facts.push({ label, text: printable(text), ...(bad ? { bad } : {}) })
          show('looking')
        },
        choices(pointer: string, values: readonly string[]) {
          choices[pointer] = values.slice(0, most.choices)
          show('looking')
        },
      }
      await within(places[look].run(looking), signal)
      show(facts.some(({ bad }) => bad) ? 'bad' : 'good')
    } catch (cause) {
      const failure = failureOf(errorOf(cause, signal, patience))
      show('bad', failure)
    } finally {
      end(look, controller)
    }
  }

  function end(look: Look, controller = running.get(look)): void {
    if (running.get(look) === controller) running.delete(look)
    controller?.abort()
  }

  return {
    look(look, draft) {
      end(look)
      const controller = new AbortController()
      running.set(look, controller)
      standing.add(look)
      void run(look, draft, controller)
    },
    changed(before, after) {
      for (const look of [...standing]) {
        const { reads } = places[look]
        if (isDeepStrictEqual(answersOf(before, reads), answersOf(after, reads))) continue
        end(look)
        standing.delete(look)
        tell(look)
      }
    },
    close() {
      for (const look of [...running.keys()]) end(look)
    },
  }
}

const answersOf = (draft: Draft, reads: readonly string[]): unknown[] =>
  questions
    .filter(({ pointer }) => reads.some((start) => pointer === start || pointer.startsWith(`${start}/`)))
    .map(({ pointer }) => answerAt(draft, pointer))

/** What ends with the signal, also where the one who works does not. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const ended = () => reject(signal.reason)
  signal.addEventListener('abort', ended, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', ended))
}

function errorOf(cause: unknown, signal: AbortSignal, patience: number): SealiftError {
  if (signal.aborted)
    return new SealiftError('SESSION_LOOK', `no answer within ${patience / 1000} seconds`, {
      fix: 'look at the address and the way there, then look again',
      cause,
    })
  if (cause instanceof SealiftError) return cause
  return new SealiftError('INTERNAL_LOOK', `it cannot be looked at: ${(cause as Error)?.message ?? cause}`, { cause })
}
