import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '../database.ts'

type Options = {
  database: Database
  log: Pick<FastifyBaseLogger, 'warn'>
  /** what to do with a notification, by channel */
  channels: Record<string, (payload: string) => void>
  /** Called after each (re)connection: what happened before it was not heard. */
  connected: () => void
}

/** Listens to channels of PostgreSQL on a connection of its own, again after 1 s whenever it breaks. */
export function listen({ database, log, channels, connected }: Options): { close(): Promise<void> } {
  const closing = new AbortController()

  async function once(): Promise<void> {
    const client = await database.connect()
    const over = Promise.withResolvers<void>()
    client.on('error', (error: Error) => {
      log.warn({ reason: error.message }, 'the connection that listens for events broke')
      over.resolve()
    })
    client.on('end', () => over.resolve())
    client.on('notification', ({ channel, payload }) => {
      try {
        channels[channel]?.(payload ?? '')
      } catch (error) {
        // a replica of another release may say what this one does not understand
        log.warn({ channel, reason: (error as Error).message }, 'an event cannot be read')
      }
    })
    const stop = () => over.resolve()
    closing.signal.addEventListener('abort', stop, { once: true })
    try {
      for (const channel of Object.keys(channels)) await client.query(`LISTEN ${channel}`)
      connected()
      if (!closing.signal.aborted) await over.promise
    } finally {
      closing.signal.removeEventListener('abort', stop)
      client.release(true)
    }
  }

  const running = (async () => {
    while (!closing.signal.aborted) {
      await once().catch((error: Error) => log.warn({ reason: error.message }, 'cannot listen for events'))
      await sleep(1_000, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  })()
  return {
    async close() {
      closing.abort()
      await running
    },
  }
}
