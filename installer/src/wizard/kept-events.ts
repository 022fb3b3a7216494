import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { writeWhole } from '../stores/write-whole.ts'
import { emptyView, reduce, type Stamped, type View } from './view.ts'

/** bytes of events after which they are replaced by the view that they led to */
const most = 4 << 20

/** Name of the file with the events. */
export const eventsFile = 'events.jsonl'
const fileOf = (directory: string) => path.join(directory, eventsFile)

/** The view that the events kept in a directory lead to, without the draft, which has a file of its own. */
export function readKept(directory: string): View {
  let text: string
  try {
    text = readFileSync(fileOf(directory), 'utf8')
  } catch {
    return emptyView
  }
  let view = emptyView
  for (const line of text.split('\n')) {
    // a crash may cut a line short
    try {
      const kept = JSON.parse(line) as { view: View } | Stamped
      if ('view' in kept) view = isView(kept.view) ? { ...emptyView, ...kept.view } : view
      else if (Number.isSafeInteger(kept.seq)) view = reduce(view, kept)
    } catch {}
  }
  return view
}

const isView = ({ stages, checks, log, looks }: Partial<View>): boolean =>
  [stages, checks, log].every(Array.isArray) && typeof looks === 'object'

/** Keeps events so that the next process shows the same. What only moves, or has a place of its own, is left out. */
const isKept = (event: Stamped): boolean =>
  event.type !== 'progress' &&
  event.type !== 'draft' &&
  event.type !== 'faces' &&
  event.type !== 'serving' &&
  !(event.type === 'look' && event.looked?.state === 'looking')

export interface KeptEvents {
  /** `after` is the view with the event. A full disk costs the line and no more: the installation goes on. */
  add(event: Stamped, after: View): void
  close(): void
}

/** Starts the file of a directory anew, with the view that earlier events have led to. */
export function keepEvents(directory: string, view: View): KeptEvents {
  const file = fileOf(directory)
  const startWith = (view: View): number => {
    const snapshot: View = { ...view, draft: {}, faults: {}, faces: [], steering: undefined, serving: undefined }
    writeWhole(file, `${JSON.stringify({ view: snapshot })}\n`)
    return openSync(file, 'a', 0o600)
  }
  let handle = startWith(view)
  let bytes = 0
  return {
    add(event, after) {
      if (!isKept(event)) return
      try {
        // in front, too: a line that did not fit on the disk must not spoil this one
        bytes += writeSync(handle, `\n${JSON.stringify(event)}\n`)
        if (bytes < most) return
        const next = startWith(after)
        closeSync(handle)
        handle = next
        bytes = 0
      } catch {}
    },
    close: () => closeSync(handle),
  }
}
