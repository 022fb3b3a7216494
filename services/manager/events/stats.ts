import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '../database.ts'
import type { WorkspaceEngine } from '../workspaces/engine.ts'
import { statsChannel } from './hub.ts'

/** Workspaces in one notification: PostgreSQL takes 8000 bytes, one takes up to 60. */
const chunk = 100

/** Reads what all workspaces use and tells every replica. Returns false when the cluster measures nothing. */
export async function publishStats(database: Database, engine: Pick<WorkspaceEngine, 'stats'>): Promise<boolean> {
  const stats = await engine.stats()
  if (stats === undefined) return false
  for (let at = 0; at < stats.length; at += chunk)
    await database.query('SELECT pg_notify($1, $2)', [statsChannel, JSON.stringify(stats.slice(at, at + chunk))])
  return true
}

type Options = {
  database: Database
  engine: Pick<WorkspaceEngine, 'stats'>
  leads: () => boolean
  log: Pick<FastifyBaseLogger, 'warn'>
}

/** Publishes statistics every 15 s while this replica leads; asks a cluster without metrics again every 5 min. */
export function startStats({ database, engine, leads, log }: Options): { close(): void } {
  let next = 0
  const timer = setInterval(() => {
    if (!leads() || Date.now() < next) return
    next = Number.POSITIVE_INFINITY
    publishStats(database, engine)
      .catch((error: Error) => {
        log.warn({ reason: error.message }, 'cannot read what workspaces use')
        return true
      })
      .then((measured) => {
        next = Date.now() + (measured ? 15_000 : 300_000)
      })
  }, 1_000)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
