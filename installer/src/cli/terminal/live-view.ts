import { type Face, follow, type Update } from '../../wizard/face.ts'
import type { View } from '../../wizard/view.ts'

/** What a face shows, kept up to date. */
export interface LiveView {
  readonly now: View
  /** Calls `listener` for each update from now on; returns what ends that. */
  on(listener: (update: Update, view: View) => void): () => void
  /** Resolves when the view is as wanted. @throws the reason of the signal */
  until(wanted: (view: View) => boolean, signal: AbortSignal): Promise<View>
  close(): void
}

/** Follows a session from what it shows now. */
export async function followView(face: Face): Promise<LiveView> {
  const listeners = new Set<(update: Update, view: View) => void>()
  let now = await face.view()
  const stop = face.subscribe(now.seq, (update) => {
    now = follow(now, update)
    for (const listener of [...listeners]) listener(update, now)
  })
  const on = (listener: (update: Update, view: View) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    get now() {
      return now
    },
    on,
    async until(wanted, signal) {
      signal.throwIfAborted()
      if (wanted(now)) return now
      const { promise, resolve, reject } = Promise.withResolvers<View>()
      const off = on((_, view) => wanted(view) && resolve(view))
      const fail = () => reject(signal.reason)
      signal.addEventListener('abort', fail, { once: true })
      try {
        return await promise
      } finally {
        off()
        signal.removeEventListener('abort', fail)
      }
    },
    close: stop,
  }
}
