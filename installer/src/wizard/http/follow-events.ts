import { request } from 'node:http'
import type { Update } from '../face.ts'
import type { Stamped, View } from '../view.ts'

/** milliseconds until a stream that broke is asked for again */
const pause = 200

export interface Following {
  socket: string
  headers: Readonly<Record<string, string>>
  after: number
  listener(update: Update): void
  /** aborted when nobody is behind the socket any more */
  gone: AbortSignal
}

/**
 * Follows the events of a session behind a socket, again where the stream breaks. `closed` is resolved when the last one
 * has come.
 */
export function followEvents({ socket, headers, after, listener, gone }: Following): {
  stop(): void
  closed: Promise<void>
} {
  const own = new AbortController()
  const { signal } = own
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  let last = after

  function open(): void {
    if (signal.aborted || gone.aborted) {
      resolve()
      return
    }
    const sent = request({ socketPath: socket, path: `/api/events?after=${last}`, headers, signal })
    sent.once('response', (response) => {
      if (response.statusCode !== 200) return void response.resume()
      const read = messageReader((update) => {
        last = update.type === 'view' ? update.view.seq : update.seq
        if (!signal.aborted) listener(update)
      })
      response
        .setEncoding('utf8')
        .on('data', read)
        .on('error', () => {})
    })
    sent.on('error', () => {})
    sent.once('close', () => setTimeout(open, signal.aborted || gone.aborted ? 0 : pause))
    sent.end()
  }

  open()
  return { stop: () => own.abort(), closed }
}

/** Takes a stream of server-sent events apart. */
function messageReader(tell: (update: Update) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const messages = (rest + text).split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) {
      const lines = message.split('\n')
      const data = lines.find((line) => line.startsWith('data: '))?.slice('data: '.length)
      if (data === undefined) continue
      const isView = lines.includes('event: view')
      tell(isView ? { type: 'view', view: JSON.parse(data) as View } : (JSON.parse(data) as Stamped))
    }
  }
}
