import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { hashInto } from './hash-piece.ts'
import { startHashThread } from './hash-thread.ts'
import type { Grown, GrowthMessage } from './hash-worker.ts'

/** The SHA-256 of a part of a file that is still being written, from its start on. */
export interface GrowingHash {
  /** Takes note of what has just been written behind the rest. */
  grew(chunk: Uint8Array): void
  /** The hex digest of all that was written; empty where the file has become shorter. */
  digest(): Promise<string>
  /** Lets go of a hash that nobody wants any more. */
  drop(): void
}

/** bytes that threads are started for: less is hashed sooner than they are there, in all and of one part */
const worthThreads = { all: 64 << 20, part: 8 << 20 }
/** bytes that a thread is told of at once, and bytes behind which another one helps */
const step = 4 << 20
const behind = 64 << 20

/**
 * Hashes parts of a file while they are written. Large ones are hashed by threads, which read what was written from the
 * file (so, from memory): the thread that receives then only has to receive and write. No bytes pass between threads,
 * and what an interrupted run left is hashed by the same means, which matters since the state of a hash can't be stored.
 * @param total bytes that will come, in all parts
 */
export function growingHashes(fd: number, total: number) {
  const cores = availableParallelism()
  const threads: Thread[] = []

  function threadFor(): Thread {
    let best = threads.toSorted((a, b) => a.behind - b.behind)[0]
    if (!best || (best.behind > behind && threads.length < cores - 1)) {
      best = startThread(fd)
      threads.push(best)
    }
    return best
  }

  return {
    /** Begins with a part at `offset` of which `have` bytes are there already; `size` bytes are expected. */
    begin(offset: number, have: number, size: number): GrowingHash {
      const onThread =
        (cores > 1 && total >= worthThreads.all && size >= worthThreads.part) || have >= worthThreads.part
      return onThread ? threadFor().begin(offset, have) : hashHere(fd, offset, have)
    },
    async close(): Promise<void> {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

function hashHere(fd: number, offset: number, have: number): GrowingHash {
  const hash = createHash('sha256')
  const whole = hashInto(hash, { fd, offset, size: have }, () => true)
  return {
    grew: (chunk) => void hash.update(chunk),
    digest: async () => (whole ? hash.digest('hex') : ''),
    drop() {},
  }
}

interface Thread {
  /** bytes that it has been told of and has not hashed */
  readonly behind: number
  begin(offset: number, have: number): GrowingHash
  close(): Promise<void>
}

function startThread(fd: number): Thread {
  const worker = startHashThread()
  const waiting = new Map<number, { resolve: (hex: string) => void; reject: (error: unknown) => void }>()
  let behind = 0
  let ids = 0
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a hashing thread ended')))
  worker.on('message', (message: Grown) => {
    behind -= message.bytes
    if (message.hex === undefined) return
    waiting.get(message.id)?.resolve(message.hex)
    waiting.delete(message.id)
  })
  return {
    get behind() {
      return behind
    },
    begin(offset, have) {
      const id = ids++
      let told = 0
      let written = have
      const tell = (end?: GrowthMessage['end']) => {
        const size = written - told
        worker.postMessage({ id, fd, offset: offset + told, size, ...(end ? { end } : {}) } satisfies GrowthMessage)
        behind += size
        told = written
      }
      if (have > 0) tell()
      return {
        grew(chunk) {
          written += chunk.length
          if (written - told >= step) tell()
        },
        async digest() {
          if (failure) throw failure
          const { promise, resolve, reject } = Promise.withResolvers<string>()
          waiting.set(id, { resolve, reject })
          tell('digest')
          return await promise
        },
        drop: () => tell('drop'),
      }
    },
    async close() {
      await worker.terminate()
    },
  }
}
