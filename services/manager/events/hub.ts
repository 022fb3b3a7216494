import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '../database.ts'
import type { WorkspaceStats } from '../workspaces/engine.ts'
import { listen } from './listen.ts'

/** What a subscriber is told. `resync`: something may have been missed, read it all again. */
export type HubEvent =
  | { type: 'changed'; ids: ReadonlySet<string> }
  | { type: 'stats'; stats: readonly WorkspaceStats[] }
  | { type: 'resync' }

export type Hub = {
  subscribe(listener: (event: HubEvent) => void): () => void
  /** Says that what this replica sees of a workspace in Kubernetes has changed. */
  changed(id: string): void
  close(): Promise<void>
}

export const statsChannel = 'workspace_stats'

/** How long changes are gathered before subscribers hear of them, in milliseconds: a start changes one many times. */
const gathering = 100

/**
 * News about workspaces, on every replica: from PostgreSQL (what was asked for, and statistics that the leading replica
 * reads) and from this replica's own watch of Kubernetes.
 */
export function eventHub(database: Database, log: Pick<FastifyBaseLogger, 'warn'>): Hub {
  const listeners = new Set<(event: HubEvent) => void>()
  let waiting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const tell = (event: HubEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const changed = (id: string): void => {
    if (listeners.size === 0) return
    waiting.add(id)
    timer ??= setTimeout(() => {
      const ids = waiting
      waiting = new Set()
      timer = undefined
      tell({ type: 'changed', ids })
    }, gathering)
  }
  const listening = listen({
    database,
    log,
    channels: {
      workspace_events: changed,
      [statsChannel]: (payload) => tell({ type: 'stats', stats: JSON.parse(payload) as WorkspaceStats[] }),
    },
    connected: () => tell({ type: 'resync' }),
  })
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed,
    async close() {
      clearTimeout(timer)
      await listening.close()
    },
  }
}
