import { useSyncExternalStore } from 'react'
import { pageNames } from '../pages.ts'

/** The pages of the dashboard by path. */
export type Page =
  | { name: 'workspaces' | (typeof pageNames)[number] }
  | { name: 'terminal' | 'dev-urls'; workspace: string }

/** The page that a path names; unknown paths are the list of workspaces. */
export function pageOf(path: string): Page {
  const [, workspace, name] = /^\/workspaces\/([a-z0-9]{10})\/(terminal|dev-urls)$/.exec(path) ?? []
  if (workspace !== undefined) return { name: name === 'terminal' ? name : 'dev-urls', workspace }
  return { name: pageNames.find((name) => path === `/${name}`) ?? 'workspaces' }
}

const changed = 'sealift:location'

/** Goes to another page without loading it anew. */
export function goTo(path: string): void {
  history.pushState(null, '', path)
  dispatchEvent(new Event(changed))
}

/** The page that is shown; follows the browser's back and forward. */
export function usePage(): Page {
  const path = useSyncExternalStore(subscribe, () => location.pathname)
  return pageOf(path)
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  addEventListener(changed, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(changed, listener)
  }
}
