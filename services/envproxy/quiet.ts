import type { Socket } from 'node:net'

/** How many looks make up the time of silence. */
const looks = 10

/**
 * Calls back once when nothing has moved through both sockets for `ms` (up to a tenth later). It looks at counters now
 * and then, because a socket's own timeout is work at each chunk. Returns the end of the watch.
 */
export function watchQuiet(sockets: readonly [Socket, Socket], ms: number, onQuiet: () => void): () => void {
  let read = -1
  let queued = -1
  let quiet = 0
  const timer = setInterval(() => {
    const [a, b] = sockets
    const [readNow, queuedNow] = [a.bytesRead + b.bytesRead, a.writableLength + b.writableLength]
    quiet = readNow === read && queuedNow === queued ? quiet + 1 : 0
    read = readNow
    queued = queuedNow
    if (quiet < looks) return
    clearInterval(timer)
    onQuiet()
  }, ms / looks)
  timer.unref()
  return () => clearInterval(timer)
}
