import type { Update } from './face.ts'
import { type KeptEvents, keepEvents } from './kept-events.ts'
import { reduce, type SessionEvent, type Stamped, type View } from './view.ts'

/** numbers that one process has, so that none is given twice, also where the last ones were not kept */
const numbersOfRun = 1e9

/** events that one who comes back gets; after more it gets the whole view */
const mostRecent = 2000

export interface EventLog {
  view(): View
  add(event: SessionEvent): void
  subscribe(after: number, listener: (update: Update) => void): () => void
  close(): void
}

/** Numbers, keeps and hands out the events of a session. `start` is the view that earlier processes have led to. */
export function openEventLog(directory: string, start: View): EventLog {
  const base = (Math.floor(start.seq / numbersOfRun) + 1) * numbersOfRun
  let view: View = { ...start, seq: base }
  const kept: KeptEvents = keepEvents(directory, view)
  const listeners = new Set<(update: Update) => void>()
  /** ascending; of the progress of a stage the first event, which says since when, and the last one */
  let recent: Stamped[] = []
  /** number of the last event that is in `recent` no more */
  let forgotten = base

  function remember(event: Stamped): void {
    const last = recent.at(-1)
    const before = recent.at(-2)
    const moves = [event, last, before].every(
      (one) => one?.type === 'progress' && event.type === 'progress' && one.stage === event.stage,
    )
    if (moves) recent.pop()
    recent.push(event)
    if (recent.length < 2 * mostRecent) return
    forgotten = recent.at(-mostRecent - 1)?.seq ?? forgotten
    recent = recent.slice(-mostRecent)
  }

  return {
    view: () => view,
    add(what) {
      const event: Stamped = { ...what, seq: view.seq + 1, at: 'at' in what ? what.at : Date.now() }
      view = reduce(view, event)
      remember(event)
      kept.add(event, view)
      for (const listener of [...listeners]) listener(event)
    },
    subscribe(after, listener) {
      if (after < forgotten || after > view.seq) listener({ type: 'view', view })
      else for (const event of recent.filter(({ seq }) => seq > after)) listener(event)
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => kept.close(),
  }
}
