import { createHash, randomBytes } from 'node:crypto'
import { linkSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'

export interface LockOptions {
  /** what the one who finds it taken is told; `holder` is the process that has it, where it says so */
  busy(holder: number | undefined): SealiftError
  /** milliseconds to wait for a holder that is about to end */
  patience?: number
  /** made where it is missing */
  create?: boolean
}

/** milliseconds between two looks at a lock, and for its holder to say who it is */
const poll = 100
const answerTime = 1000

/** how often the directory may be removed while its lock is being taken */
const mostGone = 100

/** What file systems say that hold no sockets or no links (FAT, some network and FUSE file systems), or nothing at all. */
const unfit: ReadonlySet<string | undefined> = new Set(
  'EPERM EACCES EROFS ENOTSUP EOPNOTSUPP ENOSYS EINVAL ENOSPC EMLINK EXDEV'.split(' '),
)

/**
 * Keeps a second process of this machine from the same work in a directory. The lock is a Unix socket in that directory:
 * the kernel ends it with its process, however that ends, so no dead process holds one and no reused process id looks like
 * a holder; and it is the same for containers that share the directory, whatever namespaces they have. Where the file
 * system holds no sockets, it is an abstract one (unix(7)), which counts within one network namespace.
 * @returns what gives it back
 * @throws what `busy` makes
 */
export async function takeLock(directory: string, name: string, options: LockOptions): Promise<() => void> {
  const until = performance.now() + (options.patience ?? 0)
  for (let gone = 0; ; ) {
    if (options.create) await mkdir(directory, { recursive: true, mode: 0o700 })
    const taken = await attempt(directory, name).catch((error: NodeJS.ErrnoException) => {
      // whoever had it has just removed the directory with all that is in it
      if (options.create && error.code === 'ENOENT' && gone++ < mostGone) return undefined
      throw error
    })
    if (!taken) continue
    if ('release' in taken) return taken.release
    if (performance.now() >= until) throw options.busy(taken.holder)
    await sleep(poll)
  }
}

type Attempt = { release: () => void } | { holder: number | undefined }

async function attempt(directory: string, name: string): Promise<Attempt> {
  const handle = await open(directory)
  try {
    const { dev, ino } = await handle.stat({ bigint: true })
    const hash = createHash('sha256').update(`${dev}:${ino}:${name}`).digest('hex').slice(0, 32)
    const elsewhere = process.platform === 'linux' ? `\0sealift-${hash}` : join(tmpdir(), `sealift-${hash}.sock`)
    // also while the other is being taken: of two that find a lock left over, only one may clear it away
    const guard = await listen(elsewhere).catch((error) => inUse(error, elsewhere))
    if (!('address' in guard)) return guard
    const inside = await lockInside(handle, directory, name).catch((error: NodeJS.ErrnoException) => {
      if (unfit.has(error.code)) return undefined
      guard.close()
      throw error
    })
    if (!inside) return { release: () => void guard.close() }
    guard.close()
    return inside
  } finally {
    await handle.close()
  }
}

/** A socket in the directory. Undefined names nothing: errors of the file system are thrown. */
async function lockInside(handle: FileHandle, directory: string, name: string): Promise<Attempt> {
  // by its descriptor, since the path of a socket may have 107 bytes only
  const at = (file: string) =>
    process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${file}` : join(directory, file)
  const mine = at(`${name}.${randomBytes(6).toString('hex')}`)
  const server = await listen(mine)
  try {
    for (;;) {
      try {
        // a link appears with somebody who answers behind it, or not at all
        linkSync(mine, at(name))
        const { ino } = statSync(at(name))
        const file = join(directory, name)
        return {
          release() {
            if (statSync(file, { throwIfNoEntry: false })?.ino === ino) rmSync(file, { force: true })
            server.close()
          },
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const other = await ask(at(name))
      if (other !== 'nobody') {
        server.close()
        return { holder: other }
      }
      rmSync(at(name), { force: true })
    }
  } catch (error) {
    server.close()
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => {}).end(`${process.pid}\n`))
    server.once('error', reject)
    server.listen(path, () => resolve(server.unref()))
  })
}

async function inUse(error: NodeJS.ErrnoException, path: string): Promise<Attempt | Server> {
  if (error.code !== 'EADDRINUSE') throw error
  const other = await ask(path)
  if (other !== 'nobody' || path.startsWith('\0')) return { holder: other === 'nobody' ? undefined : other }
  rmSync(path, { force: true })
  return await listen(path)
}

/** The process behind a socket: its id, undefined where it does not say it, `nobody` where it has ended. */
function ask(path: string): Promise<number | undefined | 'nobody'> {
  return new Promise((resolve) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    socket.setTimeout(answerTime, () => socket.destroy())
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nobody' : undefined),
    )
    socket.once('close', () => resolve(/^\d{1,10}\n$/.test(text) ? Number(text) : undefined))
  })
}
