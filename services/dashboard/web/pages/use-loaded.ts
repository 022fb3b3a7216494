import { useCallback, useEffect, useState } from 'react'

/** What a page shows of the manager: loaded at first and again after each change. `load` must stay the same function. */
export function useLoaded<T>(load: () => Promise<T>) {
  const [value, setValue] = useState<T>()
  const [error, setError] = useState<unknown>()
  const reload = useCallback(
    () =>
      load().then((loaded) => {
        setValue(loaded)
        setError(undefined)
      }, setError),
    [load],
  )
  useEffect(() => {
    void reload()
  }, [reload])
  /** Does something and shows how things are afterwards, or why it did not work. */
  const change = async (work: () => Promise<unknown>): Promise<void> => {
    setError(undefined)
    await work().then(reload, setError)
  }
  const settled = value !== undefined || error !== undefined
  return { value, error, settled, reload, change }
}

export type Loaded<T> = ReturnType<typeof useLoaded<T>>
