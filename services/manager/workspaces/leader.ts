import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { PoolClient } from 'pg'
import { advisoryLocks } from '../advisory-locks.ts'
import type { Database } from '../database.ts'

const channel = 'workspaces_changed'

export type Leadership = {
  /** Wakes the leading replica, whichever it is. */
  notify(): Promise<void>
  /** Whether this replica leads now. */
  leads(): boolean
  close(): Promise<void>
}

type Options = {
  database: Database
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  /** One round of work, by a replica that has led for `ledFor` milliseconds. Returns true to be called again soon. */
  work: (signal: AbortSignal, ledFor: number) => Promise<boolean>
  /** milliseconds between rounds without news, between rounds with work left, and between tries to lead */
  every?: { idle: number; busy: number; follow: number }
}

/**
 * Runs `work` on one replica at a time: the one that holds an advisory lock of PostgreSQL on its own connection. When it
 * dies, PostgreSQL frees the lock and another replica takes over.
 */
export function leadership({ database, log, work, every }: Options): Leadership {
  const { idle, busy, follow } = every ?? { idle: 10_000, busy: 1_000, follow: 2_000 }
  const closing = new AbortController()
  let leading = false
  const running = (async () => {
    while (!closing.signal.aborted) {
      await lead().catch((error: Error) => log.warn({ reason: error.message }, 'cannot lead at the moment'))
      await sleep(follow, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  })()

  async function lead(): Promise<void> {
    const client = await database.connect()
    const lost = new AbortController()
    const onError = (error: Error): void => {
      log.warn({ reason: error.message }, 'the connection that leads broke')
      lost.abort()
    }
    client.on('error', onError)
    client.on('end', () => lost.abort())
    try {
      const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
        advisoryLocks.reconcile,
      ])
      if (rows[0]?.leads !== true) return
      log.info('this replica reconciles workspaces')
      leading = true
      await rounds(client, AbortSignal.any([closing.signal, lost.signal]))
    } finally {
      leading = false
      // closing the connection frees the lock
      client.release(true)
    }
  }

  async function rounds(client: PoolClient, signal: AbortSignal): Promise<void> {
    let news: (() => void) | undefined
    let waiting = false
    const began = performance.now()
    client.on('notification', () => {
      waiting = true
      news?.()
    })
    await client.query(`LISTEN ${channel}`)
    while (!signal.aborted) {
      waiting = false
      const soon = await work(signal, performance.now() - began)
      // the lock is gone when the connection is; find out before the next round
      await client.query('SELECT 1')
      if (waiting || signal.aborted) continue
      const woken = new AbortController()
      news = () => woken.abort()
      await sleep(soon ? busy : idle, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(
        () => undefined,
      )
      news = undefined
    }
  }

  return {
    async notify() {
      await database.query(`NOTIFY ${channel}`)
    },
    leads: () => leading,
    async close() {
      closing.abort()
      await running
    },
  }
}
