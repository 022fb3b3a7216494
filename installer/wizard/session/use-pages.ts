import { useCallback, useEffect } from 'react'
import { type Page, pages } from '../../src/wizard/view.ts'
import { api } from '../api.ts'
import { pageShown } from '../steps.ts'
import type { Session } from './session.ts'

/** The browser's back and forward go through the pages of the one who steers; who watches follows. Returns how to go to one. */
export function usePages({ view, steers, attempt }: Pick<Session, 'view' | 'steers' | 'attempt'>): Session['go'] {
  const page = pageShown(view)
  const go = useCallback((to: Page): void => void attempt(() => api.page(to)), [attempt])
  useEffect(() => {
    if (location.hash === `#${page}`) return
    // a page is added to the history only where going back to it does something
    if (steers && location.hash !== '') history.pushState(null, '', `#${page}`)
    else history.replaceState(null, '', `#${page}`)
  }, [page, steers])
  useEffect(() => {
    const moved = (): void => {
      const to = pages.find((one) => location.hash === `#${one}`)
      if (steers && to !== undefined && to !== page) go(to)
    }
    addEventListener('popstate', moved)
    return () => removeEventListener('popstate', moved)
  }, [page, steers, go])
  return go
}
