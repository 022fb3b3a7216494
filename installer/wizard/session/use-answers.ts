import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { View } from '../../src/wizard/view.ts'
import { api, type Faults } from '../api.ts'
import { type Changes, missing, withChanges, without } from './changes.ts'

/** milliseconds without another key until what was typed is sent */
const pause = 250
/** milliseconds that what was typed stays on the screen although the server's draft says otherwise */
const kept = 1_000

/** Answers that are typed here: shown at once, sent after a pause, one request at a time and in their order. */
export function useAnswers({ draft: known, faults: told }: View) {
  const [changes, setChanges] = useState<Changes>({})
  const [faults, setFaults] = useState(told)
  const [error, setError] = useState<unknown>()
  const newest = useRef(told)
  const unsent = useRef<Record<string, unknown>>({})
  const sending = useRef<Promise<boolean>>(Promise.resolve(true))
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  const learn = useCallback((next: Faults): void => {
    newest.current = next
    setFaults(next)
  }, [])
  useEffect(() => learn(told), [told, learn])
  useEffect(() => setChanges((so) => missing(known, so)), [known])

  /** Sends what is not sent yet. Returns the faults of the draft after it, or undefined where that failed. */
  const flush = useCallback(async (): Promise<Faults | undefined> => {
    clearTimeout(timer.current)
    sending.current = sending.current.then(async () => {
      const batch = unsent.current
      if (Object.keys(batch).length === 0) return true
      unsent.current = {}
      try {
        learn((await api.answer(batch)).faults)
        setError(undefined)
        setTimeout(() => setChanges((so) => without(so, batch)), kept)
        return true
      } catch (failure) {
        setError(failure)
        setChanges((so) => without(so, batch))
        return false
      }
    })
    return (await sending.current) ? newest.current : undefined
  }, [learn])

  const answer = useCallback(
    (pointer: string, value: unknown): void => {
      unsent.current[pointer] = value ?? null
      setChanges((so) => ({ ...so, [pointer]: value ?? null }))
      clearTimeout(timer.current)
      timer.current = setTimeout(() => void flush(), pause)
    },
    [flush],
  )

  const draft = useMemo(() => withChanges(known, changes), [known, changes])
  return { draft, faults, answer, flush, error }
}
