import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes on disk of all files below a directory: a hole in a file takes none, a hard link counts once. */
export async function diskUse(directory: string, seen = new Set<number>()): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  let sum = 0
  for (const name of names) {
    const path = join(directory, name)
    const info = await lstat(path).catch(() => undefined)
    if (!info || seen.has(info.ino)) continue
    seen.add(info.ino)
    sum += info.isDirectory() ? await diskUse(path, seen) : info.blocks * 512
  }
  return sum
}

/** Looks at directories every 50 ms until it is stopped; then tells the most that came into them, in bytes on disk. */
export function watchDisk(...directories: string[]): () => Promise<number> {
  const stop = new AbortController()
  const look = async () => {
    let sum = 0
    for (const directory of directories) sum += await diskUse(directory)
    return sum
  }
  const before = look()
  const watching = (async () => {
    let peak = 0
    while (!stop.signal.aborted) {
      peak = Math.max(peak, await look())
      await sleep(50, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    return Math.max(peak, await look())
  })()
  return async () => {
    stop.abort()
    return (await watching) - (await before)
  }
}
