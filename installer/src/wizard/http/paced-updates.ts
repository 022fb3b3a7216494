import type { Update } from '../face.ts'

/** milliseconds between two moves of a bar: more often nobody sees, and a network has better to do */
const pace = 100

/**
 * Passes updates on, those of progress no more often than can be seen: of each stage the first one, which says since when
 * it moves, then the latest. The order is kept.
 */
export function pacedUpdates(pass: (update: Update) => void): {
  add(update: Update): void
  flush(): void
  close(): void
} {
  /** by stage, what waits for the next move; a stage that moved lately and has nothing to say is there, too */
  const held = new Map<string, Update | undefined>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const updates = [...held.values()]
    held.clear()
    for (const update of updates) if (update) pass(update)
  }
  return {
    add(update) {
      if (update.type !== 'progress') {
        flush()
        pass(update)
      } else if (held.has(update.stage)) held.set(update.stage, update)
      else {
        held.set(update.stage, undefined)
        pass(update)
        timer ??= setTimeout(flush, pace)
      }
    },
    flush,
    close: () => clearTimeout(timer),
  }
}
