import { useSyncExternalStore } from 'react'

/** Something that users are told of before it happens; times in milliseconds by this browser's clock. */
export type Notice = { id: string; says: string; starts: number; ends: number }

/** What is told of notices: by the manager to every page, and by the envproxy to a terminal. */
export type Told = {
  now: string
  notices: { id: string; says: string; startsAt: string; endsAt: string }[]
}

/** The message as it came, or undefined when it is none of notices. */
export function readTold(message: unknown): Told | undefined {
  const { type, now, notices } = (message ?? {}) as { type?: unknown } & Partial<Told>
  return type === 'notices' && typeof now === 'string' && Array.isArray(notices) ? { now, notices } : undefined
}

/** Notices as they are told now, by a clock that may go differently. */
export function noticesOf({ now, notices }: Told): Notice[] {
  const behind = Date.now() - Date.parse(now)
  return notices.map(({ id, says, startsAt, endsAt }) => ({
    id: String(id),
    says: String(says),
    starts: Date.parse(startsAt) + behind,
    ends: Date.parse(endsAt) + behind,
  }))
}

/** What the manager says, and what of it nobody wants to see any more in this browser. */
type Current = { notices: readonly Notice[]; dismissed: readonly string[] }

const key = 'sealift:dismissed'
/** Most ids that are kept: the newest. */
const most = 20

let current: Current = { notices: [], dismissed: kept() }
const listeners = new Set<() => void>()

function change(part: Partial<Current>): void {
  current = { ...current, ...part }
  for (const listener of listeners) listener()
}

export const useNotices = (): Current => useSyncExternalStore(subscribe, () => current)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** From now on these are the notices of every page. */
export const tellNotices = (told: Told): void => change({ notices: noticesOf(told) })

/** Shows a notice no more, in this browser. */
export function dismiss(id: string): void {
  const dismissed = [...current.dismissed, id].slice(-most)
  localStorage.setItem(key, JSON.stringify(dismissed))
  change({ dismissed })
}

function kept(): string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(ids) ? ids.map(String) : []
  } catch {
    return []
  }
}
