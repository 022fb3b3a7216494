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

/**
 * What the manager says. Allowed: with the grant that the workspace's agent wants to see, at its own ports (connect.ts).
 * `unknown`: nobody could be asked.
 */
export type Verdict = { grant: string | undefined } | 'denied' | 'unknown'

/** Asks the manager again and again whether those who come, and those who were let in, may use what they use. */
export interface Access {
  /** Resolves with the grant. Throws a Refusal (403, 503) unless the manager has allowed it within the last half minute. */
  assert(holder: Holder): Promise<string | undefined>
  /** Calls `onDenied` once when the manager says no; no answer changes nothing. Returns the end of the watch. */
  watch(holder: Holder, onDenied: () => void): () => void
  /** Ends all watches. */
  close(): void
}

export interface AccessOptions {
  ask(holder: Holder): Promise<Verdict>
  /**
   * an answer is good for this long, and while the manager does not answer for the longer; milliseconds. A grant is good
   * for two minutes, so that one which is as old as can be still has half its life.
   */
  freshMs?: number
  staleMs?: number
  /** answers kept at a time */
  most?: number
}

/**
 * Answers are kept per holder, so that hundreds of an editor's requests are one question every half minute. What takes
 * access away, takes it within that time.
 */
export function createAccess({ ask, freshMs = 30_000, staleMs = 60_000, most = 20_000 }: AccessOptions): Access {
  const allowed = new Map<string, { at: number; grant: string | undefined }>()
  const asking = new Map<string, Promise<Verdict>>()
  const watches = new Set<() => void>()
  const keyOf = ({ user, workspace, port, credential, devUrl }: Holder) =>
    [user, workspace, port, credential, devUrl?.id].join('\0')
  const ageOf = (key: string) => performance.now() - (allowed.get(key)?.at ?? Number.NEGATIVE_INFINITY)

  const allow = (key: string, grant: string | undefined) => {
    allowed.delete(key)
    allowed.set(key, { at: performance.now(), grant })
    const oldest = allowed.keys().next().value
    if (allowed.size > most && oldest !== undefined) allowed.delete(oldest)
  }

  const question = (key: string, holder: Holder): Promise<Verdict> => {
    const pending = asking.get(key)
    if (pending) return pending
    const answer = ask(holder)
      .catch((): Verdict => 'unknown')
      .then((verdict) => {
        if (verdict === 'denied') allowed.delete(key)
        else if (verdict !== 'unknown') allow(key, verdict.grant)
        return verdict
      })
      .finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }

  /** The last answer while it is good, or else a new one. */
  const verdictOn = async (holder: Holder): Promise<Verdict> => {
    const key = keyOf(holder)
    const verdict = ageOf(key) < freshMs ? 'unknown' : await question(key, holder)
    const known = ageOf(key) < staleMs ? allowed.get(key) : undefined
    return verdict === 'unknown' && known ? known : verdict
  }

  return {
    async assert(holder) {
      const verdict = await verdictOn(holder)
      if (verdict === 'denied') throw new Refusal(403, 'ACCESS_DENIED', 'You may not use this workspace any more.')
      if (verdict === 'unknown') {
        throw new Refusal(503, 'MANAGER_UNREACHABLE', 'Nobody can say whether you may use this; try again.')
      }
      return verdict.grant
    },
    watch(holder, onDenied) {
      const key = keyOf(holder)
      let timer: NodeJS.Timeout
      // An answer that is good for a while yet need not be asked for again; one that did not come is, soon.
      const wait = () => {
        const left = freshMs - ageOf(key)
        timer = setTimeout(look, left > 0 ? left : freshMs / 6)
        timer.unref()
      }
      const look = () => {
        void verdictOn(holder).then((verdict) => {
          if (!watches.has(end)) return
          if (verdict !== 'denied') return wait()
          end()
          onDenied()
        })
      }
      const end = () => {
        clearTimeout(timer)
        watches.delete(end)
      }
      watches.add(end)
      wait()
      return end
    },
    close() {
      for (const end of watches) end()
    },
  }
}
