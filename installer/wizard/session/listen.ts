import { ApiFailure } from '@sealift/web/request.ts'
import type { Stamped, View } from '../../src/wizard/view.ts'
import { api } from '../api.ts'

type Audience = {
  onEvent: (event: Stamped) => void
  /** the whole view, where events are missing between it and what was known */
  onView: (view: View) => void
  /** whether events come */
  onConnected: (connected: boolean) => void
}

/** milliseconds between two tries to reach a server that is gone */
const pause = 2_000

/**
 * Listens to the events after `seq`, and again when the connection was lost, until what it returns is called. A session
 * that is no more is told to the window (`signedOut`).
 */
export function listen(seq: number, { onEvent, onView, onConnected }: Audience): () => void {
  let over = false
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let known = seq

  const open = (): void => {
    source = new EventSource(`/api/events?after=${known}`)
    source.onopen = () => onConnected(true)
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as Stamped
      known = event.seq
      onEvent(event)
    }
    source.addEventListener('view', ({ data }: MessageEvent<string>) => replace(JSON.parse(data) as View))
    source.onerror = () => {
      onConnected(false)
      source?.close()
      timer = setTimeout(() => void again(), pause)
    }
  }
  const replace = (view: View): void => {
    known = view.seq
    onView(view)
  }
  const again = async (): Promise<void> => {
    try {
      const { view } = await api.view()
      if (over) return
      replace(view)
      open()
    } catch (error) {
      // 401 is told to the window by the request itself
      if (!over && !(error instanceof ApiFailure && error.status === 401)) timer = setTimeout(() => void again(), pause)
    }
  }

  open()
  return () => {
    over = true
    clearTimeout(timer)
    source?.close()
  }
}
