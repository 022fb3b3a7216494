import { randomBytes } from 'node:crypto'
import { type Session, type SessionOptions, startSession } from './session.ts'
import type { ShellRequest } from './shell-request.ts'

/** All terminals of this workspace. */
export interface Sessions {
  /** The session asked for or, when it is unknown or gone, a new one. Undefined when there are too many. */
  open(request: ShellRequest): { session: Session; resumed: boolean } | undefined
  readonly count: number
  endAll(): void
}

/** Keeps at most `limit` sessions; ids are unguessable, since an id is all it takes to come back. */
export function createSessions(limit: number, options: SessionOptions): Sessions {
  const sessions = new Map<string, Session>()
  return {
    open({ id, size }) {
      const known = id === undefined ? undefined : sessions.get(id)
      if (known) return { session: known, resumed: true }
      if (sessions.size >= limit) return undefined
      const fresh = randomBytes(16).toString('base64url')
      const session = startSession(fresh, size, options, () => sessions.delete(fresh))
      sessions.set(fresh, session)
      return { session, resumed: false }
    },
    get count() {
      return sessions.size
    },
    endAll() {
      for (const session of [...sessions.values()]) session.end()
    },
  }
}
