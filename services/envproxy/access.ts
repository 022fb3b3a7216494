import { Refusal } from './refusal.ts'

/** Who uses which door of a workspace. */
export interface Holder {
  /** user id */
  user: string
  workspace: string
  port: number
  /** `session:<uuid>`, `api-key:<id>` or `ssh-key:<id>`; empty for visitors of a dev URL that is public */
  credential: string
  /** the dev URL that is the door, where it is one; its visitors need no user where it is public */
  devUrl?: { id: string; label: string }
}

/** `unknown`: nobody could be asked. */
export type Verdict = 'allowed' | 'denied' | 'unknown'

/** Asks the manager again and again whether those who were let in may stay. */
export interface Access {
  /** Takes note that the manager has just let this one in, by a ticket. */
  allow(holder: Holder): void
  /** Throws a Refusal (403, 503) unless the manager has allowed it within the last minute. */
  assert(holder: Holder): Promise<void>
  /** Calls `onDenied` once when the manager says no; no answer changes nothing. Returns the end of the watch. */
  watch(holder: Holder, onDenied: () => void): () => void
  /** Ends all watches. */
  close(): void
}

export interface AccessOptions {
  ask(holder: Holder): Promise<Verdict>
  /** an answer is good without asking again for this long, and good at all for the longer; milliseconds */
  freshMs?: number
  staleMs?: number
  /** answers kept at a time */
  most?: number
}

/** Answers are kept per holder, so that hundreds of an editor's requests are one question every half minute. */
export function createAccess({ ask, freshMs = 30_000, staleMs = 60_000, most = 20_000 }: AccessOptions): Access {
  const allowed = new Map<string, number>()
  const asking = new Map<string, Promise<Verdict>>()
  const watches = new Set<NodeJS.Timeout>()
  const keyOf = ({ user, workspace, port, credential, devUrl }: Holder) =>
    [user, workspace, port, credential, devUrl?.id].join('\0')

  const allow = (key: string) => {
    allowed.delete(key)
    allowed.set(key, performance.now())
    const oldest = allowed.keys().next().value
    if (allowed.size > most && oldest !== undefined) allowed.delete(oldest)
  }

  const question = (holder: Holder): Promise<Verdict> => {
    const key = keyOf(holder)
    const pending = asking.get(key)
    if (pending) return pending
    const answer = ask(holder)
      .catch((): Verdict => 'unknown')
      .then((verdict) => {
        if (verdict === 'allowed') allow(key)
        else if (verdict === 'denied') allowed.delete(key)
        return verdict
      })
      .finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }

  return {
    allow: (holder) => allow(keyOf(holder)),
    async assert(holder) {
      const age = performance.now() - (allowed.get(keyOf(holder)) ?? Number.NEGATIVE_INFINITY)
      if (age < freshMs) return
      const answer = question(holder)
      // Between fresh and stale the request need not wait for the answer.
      const verdict = age < staleMs ? 'allowed' : await answer
      if (verdict === 'denied') throw new Refusal(403, 'ACCESS_DENIED', 'You may not use this workspace any more.')
      if (verdict === 'unknown') {
        throw new Refusal(503, 'MANAGER_UNREACHABLE', 'Nobody can say whether you may use this; try again.')
      }
    },
    watch(holder, onDenied) {
      const timer = setInterval(() => {
        void question(holder).then((verdict) => {
          if (verdict !== 'denied' || !watches.has(timer)) return
          end()
          onDenied()
        })
      }, freshMs)
      timer.unref()
      const end = () => {
        clearInterval(timer)
        watches.delete(timer)
      }
      watches.add(timer)
      return end
    },
    close() {
      for (const timer of watches) clearInterval(timer)
      watches.clear()
    },
  }
}
