import type { Static } from 'typebox'
import { type Reach, reaches } from '../authorization.ts'
import type { WorkspaceAnswer } from '../routes/schemas.ts'
import type { WorkspaceStats } from '../workspaces/engine.ts'
import type { Change } from './changes.ts'
import type { HubEvent } from './hub.ts'

type Shown = Static<typeof WorkspaceAnswer>

/** The first page of the list and the cursor of the next. */
export type Newest = { workspaces: Shown[]; next: string | null }

/** What a watcher is sent, beside the updates that all share (see changes.ts). */
export type WatchMessage =
  /** the newest; `next` leads to older ones in the list, null: there are none */
  ({ type: 'snapshot' } & Newest) | { type: 'remove'; id: string } | { type: 'stats'; workspaces: WorkspaceStats[] }

export type WatcherOptions = {
  kind: 'update' | 'stats'
  /** The newest within the reach. */
  newest: (reach: Reach) => Promise<Newest>
  /** Ids of all within the reach. */
  ids: (reach: Reach) => Promise<string[]>
  /** text is a message that is written already */
  send: (message: WatchMessage | string) => void
  failed: (error: unknown) => void
}

export type Watcher = {
  hear(event: HubEvent): void
  /** From now on the caller reaches this; sends the newest of it. */
  begin(reach: Reach): void
}

/** One connection that watches workspaces: it hears of those within its caller's reach and of no others. */
export function watcher({ kind, send, failed, ...read }: WatcherOptions): Watcher {
  let known = new Set<string>()
  let within: Reach | undefined
  // one after the other, so that what is older never overtakes what is newer
  let chain = Promise.resolve()
  const inTurn = (work: () => Promise<void>): void => {
    chain = chain.then(work).catch(failed)
  }

  const all = async (): Promise<void> => {
    if (within === undefined) return
    known = new Set(await read.ids(within))
    if (kind === 'update') send({ type: 'snapshot', ...(await read.newest(within)) })
  }
  const some = async (ids: ReadonlySet<string>, found: ReadonlyMap<string, Change>): Promise<void> => {
    if (within === undefined) return
    for (const id of ids) {
      const change = found.get(id)
      if (change !== undefined && reaches(within, change)) {
        known.add(id)
        if (kind === 'update') send(change.update)
      } else if (known.delete(id) && kind === 'update') send({ type: 'remove', id })
    }
  }

  return {
    begin(reach) {
      within = reach
      inTurn(all)
    },
    hear(event) {
      if (event.type === 'resync') inTurn(all)
      else if (event.type === 'changed') inTurn(() => some(event.ids, event.found))
      else if (event.type === 'stats' && kind === 'stats')
        inTurn(async () => {
          const workspaces = event.stats.filter(({ id }) => known.has(id))
          if (workspaces.length > 0) send({ type: 'stats', workspaces })
        })
    },
  }
}
