/** Collects which workspaces are in use, for the manager's auto-off. */
export interface Activity {
  /** Somebody used this workspace now. */
  mark(workspace: string): void
  /** Somebody uses it from now until the returned function is called, however quiet it is. */
  hold(workspace: string): () => void
  close(): void
}

/** Most ids of one report (the manager's limit). */
const mostIds = 1000

/**
 * Sends the workspaces that were used since the last report, and those that are held, every `intervalMs`. What a manager
 * out of reach did not hear is sent again, so that its return does not stop what was in use.
 */
export function createActivity(report: (workspaces: string[]) => Promise<void>, intervalMs = 30_000): Activity {
  const used = new Set<string>()
  /** how often each is held */
  const held = new Map<string, number>()
  const timer = setInterval(() => {
    const all = [...used.union(held)]
    used.clear()
    for (let i = 0; i < all.length; i += mostIds) {
      const some = all.slice(i, i + mostIds)
      void report(some).catch(() => {
        for (const workspace of some) used.add(workspace)
      })
    }
  }, intervalMs)
  timer.unref()
  return {
    mark: (workspace) => used.add(workspace),
    hold(workspace) {
      held.set(workspace, (held.get(workspace) ?? 0) + 1)
      let holds = true
      return () => {
        if (!holds) return
        holds = false
        const left = (held.get(workspace) ?? 1) - 1
        if (left === 0) held.delete(workspace)
        else held.set(workspace, left)
        used.add(workspace)
      }
    },
    close: () => clearInterval(timer),
  }
}

/** An Activity that nobody hears of. */
export const noActivity: Activity = { mark() {}, hold: () => () => {}, close() {} }
