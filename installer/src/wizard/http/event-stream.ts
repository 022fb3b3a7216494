import type { ServerResponse } from 'node:http'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Face, Update } from '../face.ts'
import { onceAborted } from '../once-aborted.ts'
import { pacedUpdates } from './paced-updates.ts'

/** milliseconds between two signs of life */
const heartbeat = 15_000

/** bytes that one who does not read may owe; then it is cut off, and gets the view when it comes back */
const mostOwed = 4 << 20

/** streams of one face at one time: a page that is loaded again may not have ended its first one yet */
const mostStreams = 4
const streams = new WeakMap<Face, number>()

/**
 * Sends a face what happens, as server-sent events (WHATWG HTML, "Server-sent events"), until either side ends it.
 * @throws SealiftError SESSION_LIMIT
 */
export async function sendEvents(
  face: Face,
  after: number,
  response: ServerResponse,
  ending: AbortSignal,
): Promise<void> {
  // refused like any other request where the face is not known
  await face.view()
  const others = streams.get(face) ?? 0
  if (others >= mostStreams) throw new SealiftError('SESSION_LIMIT', 'this face follows the events often enough')
  streams.set(face, others + 1)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  const write = (text: string) => {
    response.write(text)
    if (response.writableLength > mostOwed) response.destroy()
  }
  const paced = pacedUpdates((update) => write(messageOf(update)))
  const end = face.subscribe(after, paced.add)
  const timer = setInterval(() => write(': here\n\n'), heartbeat)
  const finish = () => {
    paced.flush()
    response.end()
  }
  const forget = onceAborted(ending, finish)
  response.once('close', () => {
    forget()
    clearInterval(timer)
    paced.close()
    streams.set(face, (streams.get(face) ?? 1) - 1)
    end()
  })
}

function messageOf(update: Update): string {
  if (update.type === 'view') return `event: view\nid: ${update.view.seq}\ndata: ${JSON.stringify(update.view)}\n\n`
  return `id: ${update.seq}\ndata: ${JSON.stringify(update)}\n\n`
}
