import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '../database.ts'
import { isReadOnly, takesWrites } from '../read-only.ts'
import { stopIdle } from './activity.ts'
import { EngineRefusal, type Observation, type WorkspaceEngine } from './engine.ts'
import { leadership } from './leader.ts'
import { olderLeads } from './releases-present.ts'
import { finishedIds, forget, noteApplied, noteFailure, reapply, type Unfinished, unfinished } from './unfinished.ts'

export type Reconciler = {
  /** Says that a row has changed; on whichever replica leads, a pass starts at once. */
  wake(): void
  /** Whether this replica is the one that reconciles. */
  leads(): boolean
  /**
   * Waits until no replica of an older release reconciles: what this one writes from then on is not for those to apply.
   * @throws Error after `limit` milliseconds
   */
  handedOver(limit?: number): Promise<void>
  close(): Promise<void>
}

type Started = Omit<Parts, 'signal' | 'ledFor'> & {
  /** order of this replica's release (release-order.ts) */ release: number
  /** done whenever this replica begins to lead, before anything else */ begin?: () => Promise<void>
  every?: Parameters<typeof leadership>[0]['every']
}

/** Starts reconciling: this replica leads, or waits to take over from the one that does. */
export function startReconciler({ release, begin = async () => {}, every, ...parts }: Started): Reconciler {
  const { database, log } = parts
  // a term has a signal of its own
  const begun = new WeakSet<AbortSignal>()
  const work = betweenUpgrades(parts, async (signal, ledFor) => {
    if (!begun.has(signal)) await begin()
    begun.add(signal)
    return await reconcileOnce({ ...parts, signal, ledFor })
  })
  const lead = leadership({ database, log, work, release, ...(every && { every }) })
  return {
    wake() {
      // the leader looks every few seconds anyway
      lead.notify().catch((error: Error) => log.warn({ reason: error.message }, 'cannot wake the leading replica'))
    },
    leads: () => lead.leads(),
    async handedOver(limit = 180_000) {
      const end = performance.now() + limit
      while (!lead.announced() || (await olderLeads(database, release))) {
        if (performance.now() > end) throw new Error('a replica of an older release does not let go of workspaces')
        await sleep(100)
      }
    },
    close: () => lead.close(),
  }
}

type Work = (signal: AbortSignal, ledFor: number) => Promise<boolean>

/**
 * Lets a pass rest while the database takes no writes. What it leads for counts from when they are back: until then nobody
 * could note what is in use.
 */
function betweenUpgrades({ database, log }: Pick<Parts, 'database' | 'log'>, work: Work): Work {
  let resting = false
  let restedUntil = Number.NEGATIVE_INFINITY
  const rest = (): boolean => {
    if (!resting) log.info('the database takes no writes: workspaces stay as they are until it does')
    resting = true
    return true
  }
  return async (signal, ledFor) => {
    if (!(await takesWrites(database))) return rest()
    if (resting) {
      log.info('the database takes writes again')
      resting = false
      restedUntil = performance.now()
    }
    try {
      return await work(signal, Math.min(ledFor, performance.now() - restedUntil))
    } catch (error) {
      if (!isReadOnly(error)) throw error
      return rest()
    }
  }
}

type Log = Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
type Parts = {
  database: Database
  engine: WorkspaceEngine
  clock: () => number
  log: Log
  signal: AbortSignal
  /** how long this replica has led without a break, in milliseconds; absent: long enough */
  ledFor?: number
}

/** Whether something is missing that can be made again as it was. A home cannot: its owner is told instead. */
const hasVanished = (seen: Observation): boolean =>
  seen.seen === 'absent' || (seen.seen === 'present' && seen.lacks === true)

const atOnce = 8
/** Envproxies tell every 30 s what is in use, and again what could not be heard. */
const hearing = 75_000

/**
 * One pass: applies what was asked for, removes what was deleted, restores what has vanished. Safe to repeat after a
 * crash at any point, and harmless when two replicas do it at once. Returns true when something is still to be done soon.
 */
export async function reconcileOnce({
  database,
  engine,
  clock,
  log,
  signal,
  ledFor = hearing,
}: Parts): Promise<boolean> {
  // managers or database were away perhaps: what looks idle has first to have had its chance to be heard of
  const stopped = ledFor < hearing ? 0 : await stopIdle(database, clock())
  if (stopped > 0) log.info({ workspaces: stopped }, 'stopped what nobody has used for its auto-off time')
  for (const id of await finishedIds(database))
    if (hasVanished(engine.observe(id))) {
      log.warn({ workspace: id }, 'objects of a workspace have vanished; applying them again')
      await reapply(database, id)
    }
  const work = await unfinished(database, clock())
  let pending = false
  const one = async (item: Unfinished): Promise<void> => {
    try {
      const done = item.desired === 'deleted' ? await remove(item) : await apply(item)
      pending ||= !done
    } catch (error) {
      const delay = Math.min(2_000 * 2 ** Math.min(item.attempts, 8), 300_000)
      log.warn({ workspace: item.id, reason: (error as Error).message, delay }, 'a workspace is not finished')
      await noteFailure(database, item.id, {
        failure: error instanceof EngineRefusal && item.desired !== 'deleted' ? error.message : undefined,
        retryAt: clock() + delay,
      })
    }
  }
  const apply = async (item: Unfinished): Promise<boolean> => {
    await engine.apply(item)
    // deleted while we applied, perhaps by another replica: take back what we just made
    if (!(await noteApplied(database, item.id, item.generation))) await engine.remove(item.id)
    return true
  }
  const remove = async (item: Unfinished): Promise<boolean> => {
    const gone = await engine.remove(item.id)
    if (gone) await forget(database, item.id)
    return gone
  }
  const queue = [...work]
  const lanes = Array.from({ length: Math.min(atOnce, queue.length) }, async () => {
    for (let item = queue.shift(); item !== undefined && !signal.aborted; item = queue.shift()) await one(item)
  })
  await Promise.all(lanes)
  return pending
}
