import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { hashPiece, type Piece } from './hash-piece.ts'
import { startHashThread } from './hash-thread.ts'
import type { HashMessage } from './hash-worker.ts'

/** bytes below which starting threads takes longer than hashing */
const smallWork = 16 << 20

/**
 * Hashes pieces of open files with SHA-256 on all cores, largest first so that no core waits long for the last one.
 * Calls `onHash` with each piece and its hex digest, which is empty where the file ended before the piece did.
 * @throws what `onHash` throws, and `signal.reason` when aborted; either way all threads have ended by then
 */
export async function hashPieces<T extends Piece>(
  tasks: readonly T[],
  onHash: (task: T, hex: string) => void,
  options: { signal?: AbortSignal | undefined; onBytes?: (bytes: number) => void } = {},
): Promise<void> {
  options.signal?.throwIfAborted()
  const queue = [...tasks].sort((a, b) => b.size - a.size)
  if (queue.reduce((sum, { size }) => sum + size, 0) < smallWork) {
    const onPiece = (bytes: number) => {
      options.onBytes?.(bytes)
      return true
    }
    for (const task of queue) onHash(task, hashPiece(task, onPiece))
    return
  }
  const stop = new Int32Array(new SharedArrayBuffer(4))
  // a piece that was stopped looks like one whose file ends early
  const tell = (task: T, hex: string) => {
    options.signal?.throwIfAborted()
    onHash(task, hex)
  }
  const threads = Array.from({ length: Math.min(availableParallelism(), queue.length) }, () => {
    const worker = startHashThread({ stop })
    return { worker, done: drain(worker, queue, tell, options.onBytes) }
  })
  const halt = () => Atomics.store(stop, 0, 1)
  options.signal?.addEventListener('abort', halt, { once: true })
  try {
    await Promise.all(threads.map(({ done }) => done))
  } finally {
    halt()
    options.signal?.removeEventListener('abort', halt)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }
  options.signal?.throwIfAborted()
}

function drain<T extends Piece>(
  worker: Worker,
  queue: T[],
  onHash: (task: T, hex: string) => void,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let task: T | undefined
    const next = () => {
      task = queue.shift()
      if (!task) return resolve()
      const { segments, size } = task
      worker.postMessage({ segments, size } satisfies Piece)
    }
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a hashing thread ended')))
    worker.on('message', (message: HashMessage) => {
      if ('bytes' in message) return onBytes?.(message.bytes)
      try {
        onHash(task as T, message.hex)
        next()
      } catch (error) {
        reject(error)
      }
    })
    next()
  })
}
