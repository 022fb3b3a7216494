import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** milliseconds between two looks at a lock that another process holds, and how long to wait for it at most */
const lockPoll = 250
const lockPatience = 30 * 60_000

/** Gives a lock back. */
export type Release = () => Promise<void>

/**
 * Takes a lock that one process on this machine has at a time, or undefined where another one has it. It is an abstract
 * Unix socket (unix(7)): the kernel gives it to one process, and takes it back however that process ends.
 */
export function tryLock(name: string): Promise<Release | undefined> {
  const address = `\0sealift-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    // a lock that was not given back keeps no process from its end
    server.unref()
    server.listen(address, () => resolve(() => new Promise((closed) => server.close(() => closed()))))
  })
}

/**
 * Runs `work` while no other process on this machine does so under the same name.
 * @throws SealiftError BUILD_LOCKED after `patience` milliseconds
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  { signal, patience = lockPatience }: { signal?: AbortSignal | undefined; patience?: number } = {},
): Promise<T> {
  const until = Date.now() + patience
  for (;;) {
    signal?.throwIfAborted()
    const release = await tryLock(name)
    if (release) {
      try {
        return await work()
      } finally {
        await release()
      }
    }
    if (Date.now() > until)
      throw new SealiftError('BUILD_LOCKED', `another process works on ${name}`, { fix: 'wait for it to end' })
    await sleep(lockPoll)
  }
}
