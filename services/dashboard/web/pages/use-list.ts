import { useCallback, useEffect, useRef, useState } from 'react'
import { getPage, type Page, readPages } from '../paging.ts'

/**
 * A list of the manager, page after page: `more` loads the next one, undefined where there is none. After a change as
 * many are read again as are shown. `paged`: it was more than a page once, so that looking for something is worth it.
 * `get` must stay the same function.
 */
export function useList<T>(path: string, get: (path: string) => Promise<Page<T>> = getPage<T>) {
  const [list, setList] = useState<Page<T>>()
  const [error, setError] = useState<unknown>()
  const shown = useRef(0)
  const latest = useRef(0)
  const paged = useRef(false)

  /** Shows what is read, unless something else was asked for meanwhile. */
  const take = useCallback(async (reading: Promise<Page<T>>): Promise<void> => {
    const turn = ++latest.current
    try {
      const read = await reading
      if (turn !== latest.current) return
      shown.current = read.items.length
      paged.current ||= read.next !== undefined
      setList(read)
      setError(undefined)
    } catch (failure) {
      if (turn === latest.current) setError(failure)
    }
  }, [])
  const reload = useCallback(() => take(readPages(path, shown.current, get)), [path, get, take])
  useEffect(() => {
    shown.current = 0
    void reload()
  }, [reload])

  const { items, next } = list ?? {}
  const more =
    items === undefined || next === undefined
      ? undefined
      : () => take(get(next).then((page) => ({ items: [...items, ...page.items], next: page.next })))
  /** Does something and shows how things are afterwards, or why it did not work. */
  const change = async (work: () => Promise<unknown>): Promise<void> => {
    setError(undefined)
    await work().then(reload, setError)
  }
  return {
    items,
    more,
    paged: paged.current,
    error,
    settled: list !== undefined || error !== undefined,
    reload,
    change,
  }
}
