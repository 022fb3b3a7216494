/** Milliseconds for which a used ticket's id is remembered: longer than a ticket is good. */
const rememberMs = 120_000

/** True the first time a ticket's id is seen. */
export type FirstUse = (id: string) => boolean

/** Remembers the ids of used tickets. A replica remembers its own; a ticket is good for a minute anyway. */
export function createTicketMemory(): FirstUse {
  const seen = new Map<string, number>()
  return (id) => {
    const now = performance.now()
    for (const [old, at] of seen) {
      if (now - at < rememberMs) break
      seen.delete(old)
    }
    if (seen.has(id)) return false
    seen.set(id, now)
    return true
  }
}
