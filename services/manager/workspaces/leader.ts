import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { PoolClient } from 'pg'
import { advisoryLocks } from '../advisory-locks.ts'
import type { Database } from '../database.ts'
import { announce, newerRuns } from './releases-present.ts'

const channel = 'workspaces_changed'
/** Somebody of another release has come. */
const arrivals = 'manager_arrived'

export type Leadership = {
  /** Wakes the leading replica, whichever it is. */
  notify(): Promise<void>
  /** Whether this replica leads now. */
  leads(): boolean
  /** Whether the others know of this replica. */
  announced(): boolean
  close(): Promise<void>
}

type Options = {
  database: Database
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  /** One round of work, by a replica that has led for `ledFor` milliseconds. Returns true to be called again soon. */
  work: (signal: AbortSignal, ledFor: number) => Promise<boolean>
  /** order of this replica's release (release-order.ts) */ release: number
  /** milliseconds between rounds without news, between rounds with work left, and between tries to lead */
  every?: { idle: number; busy: number; follow: number }
}

/**
 * Runs `work` on one replica at a time: the one that holds an advisory lock of PostgreSQL on its own connection. When it
 * dies, PostgreSQL frees the lock and another replica takes over. While releases run side by side the newest leads: an
 * older one would take what it does not know of a workspace for nothing, and note that all is done.
 */
export function leadership({ database, log, work, release, every }: Options): Leadership {
  const { idle, busy, follow } = every ?? { idle: 10_000, busy: 1_000, follow: 2_000 }
  const closing = new AbortController()
  let leading = false
  let announced = false
  const running = (async () => {
    while (!closing.signal.aborted) {
      await takePart().catch((error: Error) => log.warn({ reason: error.message }, 'cannot lead at the moment'))
      await sleep(follow, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  })()

  /** One connection for all of it: that this replica runs, and that it leads, ends with it. */
  async function takePart(): Promise<void> {
    const client = await database.connect()
    const lost = new AbortController()
    client.on('error', (error: Error) => {
      log.warn({ reason: error.message }, 'the connection that leads broke')
      lost.abort()
    })
    client.on('end', () => lost.abort())
    const signal = AbortSignal.any([closing.signal, lost.signal])
    try {
      await announce(client, release)
      await client.query(`NOTIFY ${arrivals}`)
      announced = true
      while (!signal.aborted) {
        if (!(await newerRuns(client, release))) await lead(client, signal)
        await sleep(follow, undefined, { signal }).catch(() => undefined)
      }
    } finally {
      announced = false
      // closing the connection frees its locks
      client.release(true)
    }
  }

  async function lead(client: PoolClient, signal: AbortSignal): Promise<void> {
    const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
      advisoryLocks.reconcile,
    ])
    if (rows[0]?.leads !== true) return
    log.info('this replica reconciles workspaces')
    leading = true
    try {
      await rounds(client, signal)
    } finally {
      leading = false
      if (!signal.aborted) await client.query('SELECT pg_advisory_unlock($1)', [advisoryLocks.reconcile])
    }
  }

  async function rounds(client: PoolClient, signal: AbortSignal): Promise<void> {
    const term = new AbortController()
    const until = AbortSignal.any([signal, term.signal])
    let news: (() => void) | undefined
    let waiting = false
    const began = performance.now()
    const look = async (): Promise<void> => {
      if (until.aborted || !(await newerRuns(database, release))) return
      log.info('a replica of a newer release reconciles workspaces from now on')
      term.abort()
    }
    const hear = (message: { channel: string }): void => {
      // a round under way ends with what it has in hand
      if (message.channel === arrivals)
        return void look().catch((error: Error) => log.warn({ reason: error.message }, 'cannot see which releases run'))
      waiting = true
      news?.()
    }
    client.on('notification', hear)
    try {
      await client.query(`LISTEN ${channel}; LISTEN ${arrivals}`)
      await look()
      while (!until.aborted) {
        waiting = false
        const soon = await work(until, performance.now() - began)
        // the lock is gone when the connection is; find out before the next round
        await client.query('SELECT 1')
        if (waiting || until.aborted) continue
        const woken = new AbortController()
        news = () => woken.abort()
        await sleep(soon ? busy : idle, undefined, { signal: AbortSignal.any([until, woken.signal]) }).catch(
          () => undefined,
        )
        news = undefined
      }
    } finally {
      client.off('notification', hear)
    }
  }

  return {
    async notify() {
      await database.query(`NOTIFY ${channel}`)
    },
    leads: () => leading,
    announced: () => announced,
    async close() {
      closing.abort()
      await running
    },
  }
}
