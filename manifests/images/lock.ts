import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** milliseconds between two looks at a lock that another process holds, and how long to wait for it at most */
const lockPoll = 250
const lockPatience = 30 * 60_000

/**
 * Runs `work` while no other process on this machine does so under the same name. The lock is an abstract Unix socket
 * (unix(7)): the kernel gives it to one process, and takes it back however that process ends.
 * @throws SealiftError BUILD_LOCKED after `patience` milliseconds
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  { signal, patience = lockPatience }: { signal?: AbortSignal | undefined; patience?: number } = {},
): Promise<T> {
  const address = `\0sealift-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  const until = Date.now() + patience
  for (;;) {
    signal?.throwIfAborted()
    const lock = await take(address)
    if (lock) {
      try {
        return await work()
      } finally {
        await new Promise((resolve) => lock.close(resolve))
      }
    }
    if (Date.now() > until)
      throw new SealiftError('BUILD_LOCKED', `another process works on ${name}`, { fix: 'wait for it to end' })
    await sleep(lockPoll)
  }
}

function take(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(address, () => resolve(server))
  })
}
