import { useEffect, useRef, useState } from 'react'
import type { Look, Looked, Page } from '../../src/wizard/view.ts'
import { api } from '../api.ts'
import { looksOf, strict } from '../steps.ts'
import { useSession } from './session.ts'

/**
 * Looks where the answers of a page lead, and goes on when all of it is good. What was found for earlier answers does not
 * count: a look that was asked for is over when it is another one than before.
 */
export function useLooks(page: Page, goOn: () => void) {
  const { view, draft, attempt } = useSession()
  const looks = looksOf(page, draft)
  const newest = useRef({ view, looks })
  newest.current = { view, looks }
  const dirty = useRef(false)
  const before = useRef(new Map<Look, Looked | undefined>())
  const [waiting, setWaiting] = useState(false)
  const [refused, setRefused] = useState(0)

  const isOver = (look: Look): boolean => {
    const found = view.looks[look]
    return found !== undefined && found.state !== 'looking' && found !== before.current.get(look)
  }
  const bad = looks.flatMap((look) => {
    const { state, failure, facts = [] } = view.looks[look] ?? {}
    if (state !== 'bad') return []
    const message = failure?.message ?? facts.find((fact) => fact.bad)?.text ?? 'what was found is not good'
    return [{ look, message, strict: strict.includes(look) }]
  })
  const settled = waiting && looks.every(isOver)

  // biome-ignore lint/correctness/useExhaustiveDependencies: decided once, when all is found
  useEffect(() => {
    if (!settled) return
    setWaiting(false)
    if (bad.length === 0) goOn()
    else setRefused((so) => so + 1)
  }, [settled])

  const start = (wanted: readonly Look[]): Promise<void> => {
    dirty.current = false
    for (const look of wanted) before.current.set(look, newest.current.view.looks[look])
    return attempt(() => Promise.all(wanted.map((look) => api.look(look))))
  }
  return {
    /** whether it is waited for what is found */
    waiting,
    bad,
    /** how often going on was refused because of `bad` */
    refused,
    /** Says that an answer was changed, after which nothing is waited for or refused. */
    changed: () => {
      dirty.current = true
      setWaiting(false)
      setRefused(0)
    },
    /** Looks anew if an answer was changed. */
    lookAgain: () => {
      if (dirty.current) void start(newest.current.looks)
    },
    /** Goes on when all is good, after looking where that was not done for these answers. */
    proceed: async (): Promise<void> => {
      const { view, looks } = newest.current
      await start(looks.filter((look) => dirty.current || view.looks[look] === undefined))
      setWaiting(true)
    },
  }
}
