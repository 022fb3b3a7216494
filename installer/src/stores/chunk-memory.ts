import type { OnReadOpts, Socket } from 'node:net'

/** Bytes of a block, and so of the largest chunk. */
export const blockSize = 512 << 10

/** Bytes that have to be free in a block for another read: TLS gives 16 KiB at most. */
const room = 32 << 10

/** Bytes below which a chunk is copied out: a few of them that somebody keeps must not keep a whole block alive. */
const worthLending = 16 << 10

/** Blocks that are kept for the next read: 16 MiB. */
const mostSpare = 32

/** Memory that one socket reads into. */
interface Block {
  buffer: Buffer
  /** bytes that have been read into it, and how many of them were handed on */
  filled: number
  handed: number
  /** chunks of it that somebody uses: length by offset */
  lent: Map<number, number>
  /** whether its socket goes on in another block */
  full: boolean
  /** whether what is in it will be handed on soon */
  waits: boolean
}

const spare: Block[] = []
const blocks = new WeakMap<ArrayBufferLike, Block>()
/** the block that a socket reads into */
const current = new WeakMap<Socket, Block>()
/** the block of the socket that has just been read from: it asks at once where the next bytes go */
let next: Block | undefined

/**
 * Lets a socket (TCP or TLS) read into memory that is used again, and hands on as one chunk what can be read without
 * waiting: `onread` of net.connect and tls.connect. New memory for every 16 KiB of TLS, and the way of each of them
 * through streams, is most of what receiving costs.
 */
export const intoBlocks: OnReadOpts = {
  buffer() {
    const { buffer, filled } = next ?? takeBlock()
    next = undefined
    return buffer.subarray(filled)
  },
  callback(this: unknown, length, bytes) {
    const socket = this as Socket
    const block = blocks.get(bytes.buffer) as Block
    if (!current.has(socket)) handBeforeEnd(socket)
    block.filled += length
    block.full = blockSize - block.filled < room
    if (block.full) hand(socket, block)
    else if (!block.waits) {
      block.waits = true
      setImmediate(() => {
        block.waits = false
        hand(socket, block)
      })
    }
    next = block.full ? takeBlock() : block
    current.set(socket, next)
    return socket.readableLength < socket.readableHighWaterMark
  },
}

/**
 * Gives the memory of a chunk back, so that later ones are read into it. For a consumer that has used a chunk, as it was
 * handed it by a store, not a part cut out of it; whoever keeps chunks does not call this and is always right. Memory
 * that also holds what nobody gives back (an answer's header) is not used again.
 */
export function giveBack(chunk: Uint8Array): void {
  const block = blocks.get(chunk.buffer)
  if (block?.lent.get(chunk.byteOffset) !== chunk.length) return
  block.lent.delete(chunk.byteOffset)
  keep(block)
}

/** Hands on what has been read since the last time. */
function hand(socket: Socket, block: Block): void {
  const { buffer, handed, filled, lent } = block
  if (filled > handed && !socket.destroyed) {
    const chunk = buffer.subarray(handed, filled)
    block.handed = filled
    const lend = chunk.length >= worthLending
    if (lend) lent.set(handed, chunk.length)
    socket.push(lend ? chunk : Buffer.from(chunk))
  }
  keep(block)
}

/** A socket says that it has ended by pushing null, which has to come behind its last bytes. */
function handBeforeEnd(socket: Socket): void {
  const push = socket.push
  socket.push = (chunk, encoding) => {
    const block = current.get(socket)
    if (chunk === null && block) hand(socket, block)
    return push.call(socket, chunk, encoding)
  }
}

function takeBlock(): Block {
  const block = spare.pop()
  const buffer = block?.buffer ?? Buffer.allocUnsafeSlow(blockSize)
  const fresh = { buffer, filled: 0, handed: 0, lent: new Map(), full: false, waits: false }
  blocks.set(buffer.buffer, fresh)
  return fresh
}

/** Keeps a block for another socket as soon as nobody reads into it, waits for it or uses what is in it. */
function keep(block: Block): void {
  const { full, waits, lent, handed, filled } = block
  if (!full || waits || lent.size > 0 || handed < filled || blocks.get(block.buffer.buffer) !== block) return
  blocks.delete(block.buffer.buffer)
  if (spare.length < mostSpare) spare.push(block)
}
