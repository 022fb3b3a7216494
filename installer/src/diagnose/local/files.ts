import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { bounds } from '../bounds.ts'
import { spoolPrefix } from '../spool.ts'

/** The content of a regular file of at most so many bytes; undefined where there is none. A FIFO or device does not hang. */
export async function readSmall(file: string, most: number): Promise<string | undefined> {
  const read = await readEnd(file, most)
  return read === undefined || read.cut > 0 ? undefined : read.text
}

/** The end of a regular file, whole lines of it, and how many bytes of its beginning are left out. */
export async function readEnd(file: string, most: number): Promise<{ text: string; cut: number } | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined)
  if (!handle) return undefined
  try {
    const info = await handle.stat()
    if (!info.isFile()) return undefined
    const start = Math.max(0, info.size - most)
    const bytes = Buffer.alloc(Math.min(info.size, most))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    const from = start === 0 ? 0 : bytes.indexOf('\n') + 1
    return { text: bytes.subarray(from, bytesRead).toString(), cut: start + from }
  } finally {
    await handle.close()
  }
}

/** directories of the state that hold what the bundle holds, too */
const ofTheBundle = new Set(['files', 'helm', 'seed'])
const deepest = 3

/** Regular files below a directory, sorted; links are not followed. */
export async function filesBelow(directory: string, depth = 0): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(directory, entry.name)
    if (entry.isFile()) found.push(file)
    else if (
      entry.isDirectory() &&
      depth < deepest &&
      !ofTheBundle.has(entry.name) &&
      !entry.name.startsWith(spoolPrefix)
    )
      found.push(...(await filesBelow(file, depth + 1)))
    if (found.length > bounds.localFiles) break
  }
  return found.slice(0, bounds.localFiles)
}
