import { signedOut } from '@sealift/web/request.ts'
import { useEffect, useState } from 'react'
import { reduce, type View } from '../../src/wizard/view.ts'
import { api, type Entered } from '../api.ts'
import { hearTime } from './clock.ts'
import { listen } from './listen.ts'

export type Entry =
  | { state: 'asking' }
  | { state: 'out'; error: unknown }
  | { state: 'in'; face: string; view: View; connected: boolean }

/**
 * Enters with the one-time token of the address, or with the session that this browser has, and follows what happens.
 */
export function useView(): Entry {
  const [entry, setEntry] = useState<Entry>({ state: 'asking' })
  const change = (of: Partial<Extract<Entry, { state: 'in' }>> | ((view: View) => View)): void =>
    setEntry((so) => {
      if (so.state !== 'in') return so
      return typeof of === 'function' ? { ...so, view: of(so.view) } : { ...so, ...of }
    })

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is loaded
  useEffect(() => {
    let stop: (() => void) | undefined
    const leave = (): void => {
      stop?.()
      setEntry({ state: 'out', error: undefined })
    }
    addEventListener(signedOut, leave)
    enter().then(
      ({ face, view }) => {
        setEntry({ state: 'in', face, view, connected: true })
        stop = listen(view.seq, {
          onEvent: (event) => {
            hearTime(event.at)
            change((view) => reduce(view, event))
          },
          onView: (view) => change({ view }),
          onConnected: (connected) => change({ connected }),
        })
      },
      (error: unknown) => setEntry({ state: 'out', error }),
    )
    return () => {
      removeEventListener(signedOut, leave)
      stop?.()
    }
  }, [])
  return entry
}

/** A token is in the address once: it must not stay in the history. */
function enter(): Promise<Entered> {
  const token = location.hash.slice(1)
  if (!/^[\w-]{16,}$/.test(token)) return api.view()
  history.replaceState(null, '', location.pathname)
  return api.enter(token)
}
