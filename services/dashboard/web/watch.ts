import type { Workspace } from './api.ts'
import type { Page } from './paging.ts'

export type Message =
  /** the newest ones; `next` stands for where older ones begin */
  | { type: 'snapshot'; workspaces: Workspace[]; next?: string | null }
  | { type: 'update'; workspace: Workspace }
  | { type: 'remove'; id: string }

export const workspacesPath = '/api/v0/workspaces'

type Options = {
  onMessage: (message: Message) => void
  /** Called when the connection is over, with the code of the WebSocket. */
  onClosed: (code: number) => void
}

/** Watches the workspaces that the user may see, through one WebSocket. Returns what ends it. */
export function watchWorkspaces({ onMessage, onClosed }: Options): () => void {
  const url = new URL('/api/v0/workspaces/watch-update', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url)
  let over = false
  socket.onmessage = ({ data }) => {
    if (!over) onMessage(JSON.parse(String(data)) as Message)
  }
  socket.onclose = ({ code }) => {
    if (!over) onClosed(code)
    over = true
  }
  return () => {
    over = true
    socket.close()
  }
}

/**
 * What is shown of a list after a message; undefined: it has to be read again. `name` is what the list is searched for.
 * What is older than all that is shown waits for its page.
 */
export function applied(list: Page<Workspace>, message: Message, name: string): Page<Workspace> | undefined {
  const { items, next } = list
  if (message.type === 'remove') return { items: items.filter(({ id }) => id !== message.id), next }
  if (message.type === 'snapshot') {
    const { workspaces, next: after = null } = message
    if (name !== '' || (after !== null && items.length > workspaces.length)) return undefined
    return { items: workspaces, next: after === null ? undefined : `${workspacesPath}?after=${after}` }
  }
  if (message.type !== 'update') return list
  const { workspace } = message
  if (items.some(({ id }) => id === workspace.id))
    return { items: items.map((one) => (one.id === workspace.id ? workspace : one)), next }
  const sought = name.toLowerCase()
  if (!workspace.name.includes(sought) && !workspace.owner.username.includes(sought)) return list
  const place = items.findIndex((one) => isNewer(workspace, one))
  if (place === -1 && next !== undefined) return list
  return { items: items.toSpliced(place === -1 ? items.length : place, 0, workspace), next }
}

/** The order of the API's list: newest first, by id where two are of the same moment. */
const isNewer = (one: Workspace, other: Workspace): boolean =>
  one.createdAt > other.createdAt || (one.createdAt === other.createdAt && one.id > other.id)
