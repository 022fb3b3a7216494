/** The last bytes that a terminal wrote, for a client that comes back. */
export interface Replay {
  push(chunk: Buffer): void
  /** What is kept, oldest first; begins behind a line end when older bytes were dropped, so no sequence is cut in half. */
  read(): Buffer
}

/** How far into the buffer a line end is looked for, in bytes. */
const seekLimit = 8192

/** Keeps at most `limit` bytes in one ring that is allocated once. */
export function createReplay(limit: number): Replay {
  const ring = Buffer.alloc(limit)
  let next = 0
  let full = false
  return {
    push(chunk) {
      const tail = chunk.length > limit ? chunk.subarray(chunk.length - limit) : chunk
      if (tail.length < chunk.length) full = true
      const first = Math.min(tail.length, limit - next)
      tail.copy(ring, next, 0, first)
      tail.copy(ring, 0, first)
      if (next + tail.length >= limit) full = true
      next = (next + tail.length) % limit
    },
    read() {
      if (!full) return Buffer.from(ring.subarray(0, next))
      const all = Buffer.concat([ring.subarray(next), ring.subarray(0, next)])
      const lineEnd = all.subarray(0, seekLimit).indexOf(10)
      return lineEnd < 0 ? all : all.subarray(lineEnd + 1)
    },
  }
}
