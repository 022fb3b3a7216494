import type { FastifyBaseLogger } from 'fastify'
import Type from 'typebox'
import Value from 'typebox/value'
import type { Database } from '../database.ts'
import type { Notice } from '../notices/store.ts'
import type { WorkspaceStats } from '../workspaces/engine.ts'
import type { Change, ReadChanges } from './changes.ts'
import { listen } from './listen.ts'

/** What a subscriber is told. `resync`: something may have been missed, read it all again. */
export type HubEvent =
  /** `found` lacks those of `ids` that are deleted */
  | { type: 'changed'; ids: ReadonlySet<string>; found: ReadonlyMap<string, Change> }
  | { type: 'stats'; stats: readonly WorkspaceStats[] }
  | { type: 'notices'; notices: readonly Notice[] }
  | { type: 'resync' }

export type Hub = {
  subscribe(listener: (event: HubEvent) => void): () => void
  /** Says that what this replica sees of a workspace in Kubernetes has changed. */
  changed(id: string): void
  close(): Promise<void>
}

export const statsChannel = 'workspace_stats'

const Stats = Type.Array(Type.Object({ id: Type.String(), cpu: Type.Number(), memoryBytes: Type.Number() }))

/** @throws Error for what this release does not understand */
function readStats(payload: string): WorkspaceStats[] {
  const stats: unknown = JSON.parse(payload)
  if (!Value.Check(Stats, stats)) throw new Error('it is not what workspaces use')
  return stats
}

/** How long changes are gathered before subscribers hear of them, in milliseconds: a start changes one many times. */
const gathering = 100

/**
 * News about workspaces and notices, on every replica: from PostgreSQL (what was asked for, and statistics that the leading replica
 * reads) and from this replica's own watch of Kubernetes. A change is read once, however many listen.
 */
export function eventHub(
  database: Database,
  read: ReadChanges,
  readNotices: () => Promise<Notice[]>,
  log: Pick<FastifyBaseLogger, 'warn'>,
): Hub {
  const listeners = new Set<(event: HubEvent) => void>()
  let waiting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const tell = (event: HubEvent): void => {
    for (const listener of listeners) listener(event)
  }
  // one after the other, so that what is older never overtakes what is newer
  let reading = Promise.resolve()
  const readAndTell = async (ids: ReadonlySet<string>): Promise<void> => {
    try {
      const found = await read([...ids])
      tell({ type: 'changed', ids, found: new Map(found.map((change) => [change.id, change])) })
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'cannot read what has changed')
      tell({ type: 'resync' })
    }
  }
  const changed = (id: string): void => {
    if (listeners.size === 0) return
    waiting.add(id)
    timer ??= setTimeout(() => {
      const ids = waiting
      waiting = new Set()
      timer = undefined
      reading = reading.then(() => readAndTell(ids))
    }, gathering)
  }
  const tellNotices = async (): Promise<void> => {
    try {
      tell({ type: 'notices', notices: await readNotices() })
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'cannot read the notices')
      tell({ type: 'resync' })
    }
  }
  const listening = listen({
    database,
    log,
    channels: {
      workspace_events: changed,
      notice_events() {
        if (listeners.size > 0) reading = reading.then(tellNotices)
      },
      [statsChannel]: (payload) => tell({ type: 'stats', stats: readStats(payload) }),
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
      await reading
    },
  }
}
