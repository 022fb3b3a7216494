import { setTimeout as sleep } from 'node:timers/promises'
import type { User, Workspace } from '../lab/demo-user.ts'

export type Watch = {
  /** Waits until a message shows the workspace so; throws after `limit` milliseconds. */
  sees: (
    id: string,
    is: (workspace: Workspace & { autoOffMinutes: number | null }) => boolean,
    limit: number,
  ) => Promise<void>
  close: () => void
}

/** Watches a person's workspaces as the dashboard does: over one WebSocket, opened anew a second after it ended. */
export function watchUpdates(user: User): Watch {
  const closing = new AbortController()
  // biome-ignore lint/suspicious/noExplicitAny: a workspace as the API shows it
  const known = new Map<string, any>()
  let listen = () => {}
  const connect = (): void => {
    const socket = user.openSocket('/api/v0/workspaces/watch-update')
    const end = () => socket.close()
    closing.signal.addEventListener('abort', end)
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString())
      for (const one of message.workspaces ?? [message.workspace]) if (one) known.set(one.id, one)
      listen()
    })
    socket.on('error', () => {})
    socket.on('close', async () => {
      closing.signal.removeEventListener('abort', end)
      await sleep(1_000, undefined, { signal: closing.signal }).then(connect, () => undefined)
    })
  }
  connect()
  return {
    sees(id, is, limit) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`in ${limit} ms only ${JSON.stringify(known.get(id))}`)), limit)
        listen = () => {
          if (!known.has(id) || !is(known.get(id))) return
          clearTimeout(timer)
          resolve()
        }
        listen()
      })
    },
    close: () => closing.abort(),
  }
}
