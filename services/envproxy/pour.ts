import type { Socket } from 'node:net'
import type { Interjection } from './interjection.ts'

const size = 65_536

/**
 * Where every poured socket receives. Each chunk is copied out before anything else can be read, so that sockets share
 * it: a socket's own way is a new buffer for each chunk, and memory outside the heap makes the garbage collector run.
 */
const incoming = Buffer.allocUnsafeSlow(size)

/** Where chunks are written from, again and again as long as the kernel takes them at once. */
let outgoing = Buffer.allocUnsafeSlow(size)

/**
 * Writes all that `from` receives to `to`, and ends it with it. A writer that is faster than its reader is not read
 * from. What `from` had received before goes first. An interjection is heard of only where nobody else reads from it.
 */
export function pour(from: Socket, to: Socket, interjection?: Interjection): void {
  const slots = receiverOf(from)
  if (!slots) {
    from.pipe(to)
    return
  }
  from.once('end', () => to.end())
  for (let early = from.read(); early !== null; early = from.read()) {
    interjection?.pass(early, early.length)
    to.write(early)
  }
  to.on('drain', () => from.resume())
  const put = (begin: number, end: number): boolean => {
    if (to.writableLength > 0) return to.write(Buffer.copyBytesFrom(incoming, begin, end - begin))
    incoming.copy(outgoing, 0, begin, end)
    const more = to.write(outgoing.subarray(0, end - begin))
    // the rest of it waits for its reader: nobody else may write here
    if (to.writableLength > 0) outgoing = Buffer.allocUnsafeSlow(size)
    return more
  }
  slots.receive((length) => {
    if (!to.writable) return false
    const at = interjection?.pass(incoming, length)
    if (at === undefined) return put(0, length)
    if (at > 0) put(0, at)
    interjection?.flush()
    return at === length ? !to.writableNeedDrain : put(at, length)
  })
  if (to.writableNeedDrain) from.pause()
  else from.resume()
}

/** `take` gets the number of bytes that are in `incoming`; false stops reading until `resume`. */
interface Receiver {
  receive(take: (length: number) => boolean): void
}

/**
 * What net.connect's documented option `onread` sets up, for a socket that exists already, such as one of an HTTP
 * upgrade: Node has no public way to that. Undefined where a socket is not made as expected.
 */
export function receiverOf(socket: Socket): Receiver | undefined {
  const symbols = Object.getOwnPropertySymbols(socket)
  const [buffer, callback, generator] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
    symbols.find(({ description }) => description === name),
  )
  const inside = socket as unknown as Record<symbol, unknown> & {
    _handle?: { useUserBuffer?: (buffer: Buffer) => void }
  }
  const handle = inside._handle
  const receiveInto = handle?.useUserBuffer
  if (!buffer || !callback || !generator || !receiveInto) return undefined
  // somebody else's reader is in place
  if (inside[buffer] !== null && inside[buffer] !== undefined) return undefined
  return {
    receive(take) {
      inside[buffer] = incoming
      inside[callback] = take
      receiveInto.call(handle, incoming)
    },
  }
}
