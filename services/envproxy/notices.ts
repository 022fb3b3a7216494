import type { Manager } from './manager.ts'

/** What users are told of before it happens; times as the manager writes them (ISO 8601). */
export interface Notice {
  id: string
  kind: string
  says: string
  startsAt: string
  endsAt: string
}

/** The current notices at a moment of the manager's clock. */
export interface Told {
  now: string
  notices: Notice[]
}

/** Tells whoever has a session open of notices. */
export interface Notices {
  /**
   * Calls back with all current ones: soon, where there are some, and again whenever one was made, withdrawn or is over. Returns
   * the end of it.
   */
  hear(listener: (told: Told) => void): () => void
}

/** Notices that never are. */
export const noNotices: Notices = { hear: () => () => {} }

/** Asks every `everyMs` while somebody listens. A manager that does not answer changes nothing. */
export function createNotices(ask: () => Promise<Told>, everyMs = 5_000): Notices {
  const listeners = new Set<(told: Told) => void>()
  let known: Told = { now: '', notices: [] }
  let asking = false

  const look = async (): Promise<void> => {
    const told = await ask().catch(() => undefined)
    if (told !== undefined) {
      const changed = JSON.stringify(told.notices) !== JSON.stringify(known.notices)
      known = told
      if (changed) for (const listener of listeners) listener(told)
    }
    if (listeners.size > 0) setTimeout(look, everyMs).unref()
    else forget()
  }
  const forget = () => {
    asking = false
    known = { now: '', notices: [] }
  }

  return {
    hear(listener) {
      listeners.add(listener)
      if (known.notices.length > 0) listener(known)
      if (!asking) setImmediate(look)
      asking = true
      return () => listeners.delete(listener)
    },
  }
}

/** Most notices, and the longest text of one in characters. */
const most = 10
const longest = 500

/** Asks the manager. Throws where it answers with something else. */
export const managerNotices = (manager: Manager) => async (): Promise<Told> => {
  const { status, body } = await manager.call('GET', '/internal/notices')
  const { now, notices } = (body ?? {}) as Record<string, unknown>
  if (status !== 200 || !isTime(now) || !Array.isArray(notices)) throw new Error(`the manager answered ${status}`)
  return { now, notices: notices.slice(0, most).map(readNotice) }
}

function readNotice(listed: unknown): Notice {
  const { id, kind, says, startsAt, endsAt } = (listed ?? {}) as Record<string, unknown>
  if (!isTime(startsAt) || !isTime(endsAt)) throw new Error('the manager answered with something else')
  // it is written to terminals
  const text = (value: unknown) => String(value).slice(0, longest).replaceAll(/\p{C}/gu, ' ')
  return { id: text(id), kind: text(kind), says: text(says), startsAt, endsAt }
}

const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value))
