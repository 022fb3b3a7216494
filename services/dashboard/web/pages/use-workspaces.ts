import { ApiFailure, tellSignedOut } from '@sealift/web/request.ts'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Workspace } from '../api.ts'
import { found, getPage, type Page, readPages } from '../paging.ts'
import { applied, watchWorkspaces, workspacesPath } from '../watch.ts'

/** Milliseconds until a watch that broke is tried again, and the most after several failures. */
const soon = 1_000
const late = 30_000
/** Close code of the manager: the session is over. */
const sessionOver = 4401

/**
 * The list of workspaces, told by the manager as it changes; read anew whenever the watch has to start again. `more` shows
 * the next page, undefined where there is none; `find` looks for a part of a name.
 */
export function useWorkspaces() {
  const [list, setList] = useState<Page<Workspace>>()
  const [error, setError] = useState<unknown>()
  // what is shown, for news that come between two renders
  const shown = useRef<Page<Workspace>>(undefined)
  const [name, setName] = useState('')
  const paged = useRef(false)
  const sought = useRef('')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const endWatch = useRef<() => void>(undefined)
  const failures = useRef(0)
  const latest = useRef(0)

  const show = useCallback((now: Page<Workspace>): void => {
    shown.current = now
    paged.current ||= now.next !== undefined
    setList(now)
    setError(undefined)
  }, [])

  const refresh = useCallback(() => {
    clearTimeout(timer.current)
    const turn = ++latest.current
    const again = (): void => {
      const delay = Math.min(soon * 2 ** failures.current++, late)
      timer.current = setTimeout(refresh, delay)
    }
    const watch = (): void => {
      endWatch.current ??= watchWorkspaces({
        onMessage(message) {
          failures.current = 0
          const now = shown.current && applied(shown.current, message, sought.current)
          if (now === undefined) refresh()
          else show(now)
        },
        onClosed(code) {
          endWatch.current = undefined
          if (code === sessionOver) tellSignedOut()
          else again()
        },
      })
    }
    readPages<Workspace>(found(workspacesPath, sought.current), shown.current?.items.length ?? 0).then(
      (read) => {
        if (turn !== latest.current) return
        show(read)
        watch()
      },
      (failure: unknown) => {
        if (turn !== latest.current) return
        if (failure instanceof ApiFailure && failure.status === 401) return
        setError(failure)
        again()
      },
    )
  }, [show])

  useEffect(() => {
    refresh()
    return () => {
      latest.current++
      clearTimeout(timer.current)
      endWatch.current?.()
      endWatch.current = undefined
    }
  }, [refresh])

  const find = (part: string): void => {
    sought.current = part
    shown.current = undefined
    setName(part)
    refresh()
  }
  const next = list?.next
  const more =
    next === undefined
      ? undefined
      : async (): Promise<void> => {
          const turn = latest.current
          try {
            const page = await getPage<Workspace>(next)
            // read anew meanwhile, or asked for twice
            if (turn !== latest.current || shown.current?.next !== next) return
            const known = new Set(shown.current.items.map(({ id }) => id))
            const added = page.items.filter(({ id }) => !known.has(id))
            show({ items: [...shown.current.items, ...added], next: page.next })
          } catch (failure) {
            setError(failure)
          }
        }
  return { workspaces: list?.items, more, paged: paged.current, name, find, error, refresh }
}
