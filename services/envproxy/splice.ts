import type { Socket } from 'node:net'
import type { Interjection } from './interjection.ts'
import { pour } from './pour.ts'
import { watchQuiet } from './quiet.ts'

/** What passed through one spliced pair. */
export interface Passage {
  /** bytes from the client to the workspace */
  up: number
  /** bytes from the workspace to the client */
  down: number
  /** what ended it, where it was not a plain end */
  error: Error | undefined
}

/**
 * Joins two sockets until both directions have ended. Bytes are not looked at; a reader that is slow stops its writer
 * through the kernel's windows, so neither side queues more than two stream buffers here. An end in one direction
 * leaves the other open; an error or a reset on one side ends both.
 * What the workspace sends may be interjected.
 * `idleMs` without a byte in either direction ends both, and so does `lingerMs` once one direction has ended.
 */
export function splice(
  client: Socket,
  workspace: Socket,
  limits: { idleMs: number; lingerMs: number },
  done: (passage: Passage) => void,
  interjection?: Interjection,
): void {
  const counted = { up: client.bytesRead, down: workspace.bytesRead }
  let open = 2
  let failure: Error | undefined
  const end = () => (client.destroyed ? workspace : client).destroy(new Error('idle'))
  let unwatch = watchQuiet([client, workspace], limits.idleMs, end)
  const join = (from: Socket, to: Socket, between?: Interjection) => {
    from.setNoDelay(true)
    from.setKeepAlive(true, 30_000)
    // a request before this one may have set it
    from.setTimeout(0)
    from.on('error', (error) => {
      failure ??= error
    })
    from.once('end', () => {
      unwatch()
      unwatch = watchQuiet([client, workspace], limits.lingerMs, end)
    })
    from.once('close', () => {
      // A side that closed before its end was cut off: its peer gets a reset instead of an end that looks complete.
      if (!from.readableEnded || !from.writableFinished) to.resetAndDestroy()
      open -= 1
      if (open === 0) {
        unwatch()
        done({ up: client.bytesRead - counted.up, down: workspace.bytesRead - counted.down, error: failure })
      }
    })
    pour(from, to, between)
  }
  join(client, workspace)
  join(workspace, client, interjection)
  if (client.destroyed) workspace.destroy()
  if (workspace.destroyed) client.destroy()
}
