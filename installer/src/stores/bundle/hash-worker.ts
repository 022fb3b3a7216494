import { createHash, type Hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { hashInto, hashPiece, type Piece, type Segment } from './hash-piece.ts'

/** What the thread says of a piece: bytes hashed since the last message, then the hash. */
export type HashMessage = { bytes: number } | { hex: string }

/** The next bytes of something that grows, known by `id`; `end` asks for its digest or drops it. */
export interface GrowthMessage extends Segment {
  id: number
  end?: 'digest' | 'drop'
}
/** What the thread says of it: bytes that it has dealt with, and the hash at the end. */
export interface Grown {
  id: number
  bytes: number
  hex?: string
}

const stop = (workerData as { stop?: Int32Array } | null)?.stop
/** bytes between two messages of progress */
const reportEvery = 32 << 20
const growing = new Map<number, { hash: Hash; whole: boolean }>()

parentPort?.on('message', (message: Piece | GrowthMessage) => {
  if ('segments' in message) hashWhole(message)
  else grow(message)
})

function hashWhole(piece: Piece): void {
  const say = (message: HashMessage) => parentPort?.postMessage(message)
  let unreported = 0
  const hex = hashPiece(piece, (bytes) => {
    unreported += bytes
    if (unreported >= reportEvery) {
      say({ bytes: unreported })
      unreported = 0
    }
    return stop === undefined || Atomics.load(stop, 0) === 0
  })
  say({ bytes: unreported })
  say({ hex })
}

function grow({ id, end, ...segment }: GrowthMessage): void {
  const state = growing.get(id) ?? { hash: createHash('sha256'), whole: true }
  if (end) growing.delete(id)
  else growing.set(id, state)
  if (end !== 'drop') state.whole = hashInto(state.hash, segment, () => true) && state.whole
  const hex = end === 'digest' ? { hex: state.whole ? state.hash.digest('hex') : '' } : {}
  parentPort?.postMessage({ id, bytes: segment.size, ...hex } satisfies Grown)
}
