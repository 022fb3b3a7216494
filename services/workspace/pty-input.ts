import { write } from 'node:fs'

/** Bytes on their way into a terminal. */
export interface PtyInput {
  /** Returns false when the terminal is behind: stop reading from the client until `onDrain`. */
  push(data: Buffer): boolean
}

/** More than this waiting stops the client, in bytes. */
const highWater = 65_536
/** When the terminal takes nothing (its program does not read), try again after this many milliseconds. */
const retryMs = 15

/**
 * Writes to the master side of a pty by its descriptor. node-pty's own write goes through a blocking stream, which
 * stops the whole process when a program does not read its input; this one waits. `open`: whether the descriptor still is
 * the terminal's; nothing is written afterwards.
 */
export function createPtyInput(fd: number, open: () => boolean, onDrain: () => void): PtyInput {
  const queue: Buffer[] = []
  let waiting = 0
  let busy = false
  let behind = false

  const proceed = () => {
    const chunk = queue[0]
    if (busy || !chunk || !open()) return
    busy = true
    write(fd, chunk, (error, written) => {
      busy = false
      if (error?.code === 'EAGAIN') {
        setTimeout(proceed, retryMs).unref()
        return
      }
      // EIO, EBADF: the shell is gone; its exit is reported elsewhere.
      if (error) return
      waiting -= written
      if (written < chunk.length) queue[0] = chunk.subarray(written)
      else queue.shift()
      if (behind && waiting < highWater / 2) {
        behind = false
        onDrain()
      }
      proceed()
    })
  }

  return {
    push(data) {
      if (!open()) return true
      queue.push(data)
      waiting += data.length
      proceed()
      if (waiting > highWater) behind = true
      return !behind
    },
  }
}
