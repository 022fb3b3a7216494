import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiFailure, api, tellSignedOut, type Workspace } from '../api.ts'
import { watchWorkspaces } from '../watch.ts'

/** Milliseconds until a watch that broke is tried again, and the most after several failures. */
const soon = 1_000
const late = 30_000
/** Close code of the manager: the session is over. */
const sessionOver = 4401

/** The list of workspaces, told by the manager as it changes; read anew whenever the watch has to start again. */
export function useWorkspaces() {
  const [workspaces, setWorkspaces] = useState<Workspace[]>()
  const [error, setError] = useState<unknown>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const endWatch = useRef<() => void>(undefined)
  const failures = useRef(0)
  const latest = useRef(0)

  const refresh = useCallback(() => {
    clearTimeout(timer.current)
    const turn = ++latest.current
    const again = (): void => {
      const delay = Math.min(soon * 2 ** failures.current++, late)
      timer.current = setTimeout(refresh, delay)
    }
    const watch = (): void => {
      endWatch.current ??= watchWorkspaces({
        onList(change) {
          failures.current = 0
          setWorkspaces((list) => change(list ?? []))
        },
        onClosed(code) {
          endWatch.current = undefined
          if (code === sessionOver) tellSignedOut()
          else again()
        },
      })
    }
    api.workspaces().then(
      (list) => {
        if (turn !== latest.current) return
        setWorkspaces(list)
        setError(undefined)
        watch()
      },
      (failure: unknown) => {
        if (turn !== latest.current) return
        if (failure instanceof ApiFailure && failure.status === 401) return
        setError(failure)
        again()
      },
    )
  }, [])

  useEffect(() => {
    refresh()
    return () => {
      latest.current++
      clearTimeout(timer.current)
      endWatch.current?.()
      endWatch.current = undefined
    }
  }, [refresh])

  return { workspaces, error, refresh }
}
