import { Refusal } from './refusal.ts'

export interface Quota {
  /** Reserves one place for a user; throws a Refusal (429, 503) when there is none. Returns the function that frees it. */
  take(user: string): () => void
  /** places taken */
  readonly taken: number
}

/** Counts sessions, in total and per user, from the checked ticket to the end of the session. */
export function createQuota(limits: { total: number; perUser: number }): Quota {
  const perUser = new Map<string, number>()
  let taken = 0
  return {
    take(user) {
      const own = perUser.get(user) ?? 0
      if (own >= limits.perUser) {
        throw new Refusal(429, 'SESSIONS_USER', `You have ${own} open sessions, the most allowed: close some.`)
      }
      if (taken >= limits.total) {
        throw new Refusal(503, 'SESSIONS_TOTAL', 'This envproxy serves as many sessions as it may; try again.')
      }
      taken += 1
      perUser.set(user, own + 1)
      let freed = false
      return () => {
        if (freed) return
        freed = true
        taken -= 1
        const left = (perUser.get(user) ?? 1) - 1
        if (left > 0) perUser.set(user, left)
        else perUser.delete(user)
      }
    },
    get taken() {
      return taken
    },
  }
}
