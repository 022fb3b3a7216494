import type { Workspace } from './api.ts'

type Message =
  | { type: 'snapshot'; workspaces: Workspace[] }
  | { type: 'update'; workspace: Workspace }
  | { type: 'remove'; id: string }

type Options = {
  /** Changes the list that is shown. */
  onList: (change: (list: readonly Workspace[]) => Workspace[]) => void
  /** Called when the connection is over, with the code of the WebSocket. */
  onClosed: (code: number) => void
}

/** Watches the workspaces that the user may see, through one WebSocket. Returns what ends it. */
export function watchWorkspaces({ onList, onClosed }: Options): () => void {
  const url = new URL('/api/v0/workspaces/watch-update', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url)
  let over = false
  socket.onmessage = ({ data }) => {
    if (!over) onList((list) => applied(list, JSON.parse(String(data)) as Message))
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

/** The list after a message; newest first, as the API lists them. */
export function applied(list: readonly Workspace[], message: Message): Workspace[] {
  if (message.type === 'snapshot') return message.workspaces
  if (message.type === 'remove') return list.filter(({ id }) => id !== message.id)
  const { workspace } = message
  if (!list.some(({ id }) => id === workspace.id)) return [workspace, ...list]
  return list.map((one) => (one.id === workspace.id ? workspace : one))
}
