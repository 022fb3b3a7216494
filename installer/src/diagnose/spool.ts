import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bounds } from './bounds.ts'

/** A file that is to go into the archive. */
export interface SpoolFile {
  /** its path there: `logs/cde-manager-…/manager.log` */
  name: string
  bytes: number
  /** bytes that did not fit and are not there */
  cut: number
  /** which end is kept where it must be cut */
  keep: 'newest' | 'beginning'
}

/** Files of the archive until it is written, clean already, in a directory that only the user may enter. */
export interface Spool {
  readonly directory: string
  readonly files: readonly SpoolFile[]
  /** Adds a text. `cut`: bytes of it that were left out before. */
  add(name: string, text: string, keep?: SpoolFile['keep'], cut?: number): Promise<void>
  /** Adds a text, or puts it in the place of an earlier one. */
  set(name: string, text: string): Promise<void>
  /** Gives files other names. */
  rename(change: (name: string) => string): Promise<void>
  /** Changes each file: `change` gets its text and may cut it. */
  rewrite(change: (text: string, file: SpoolFile) => { text: string; cut: number }): Promise<void>
  remove(): Promise<void>
}

/** what its directory is called; one may be left over from a diagnosis that was killed */
export const spoolPrefix = '.sealift-diagnose-'

/** Makes the directory beside the archive, where there is room if there is room for the archive. */
export async function openSpool(beside: string): Promise<Spool> {
  const directory = await mkdtemp(path.join(path.dirname(beside), spoolPrefix))
  const files = new Map<string, SpoolFile>()
  let removed = false
  const write = async (file: SpoolFile, text: string) => {
    // a part that took too long may come back when all is over
    if (removed) return
    const at = path.join(directory, file.name)
    await mkdir(path.dirname(at), { recursive: true, mode: 0o700 })
    await writeFile(at, text, { mode: 0o600 })
    file.bytes = Buffer.byteLength(text)
  }
  return {
    directory,
    get files() {
      return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async add(name, text, keep = 'beginning', cut = 0) {
      const within = cutTo(text, bounds.file, keep)
      const file = { name: free(name, files), bytes: 0, cut: cut + within.cut, keep }
      files.set(file.name, file)
      await write(file, within.text)
    },
    async set(name, text) {
      const file: SpoolFile = { name, bytes: 0, cut: 0, keep: 'beginning' }
      files.set(name, file)
      await write(file, text)
    },
    async rename(change) {
      for (const file of [...files.values()]) {
        const name = change(file.name)
        if (name === file.name) continue
        files.delete(file.name)
        const other = free(name, files)
        await mkdir(path.dirname(path.join(directory, other)), { recursive: true, mode: 0o700 })
        await rename(path.join(directory, file.name), path.join(directory, other))
        files.set(other, Object.assign(file, { name: other }))
      }
    },
    async rewrite(change) {
      for (const file of files.values()) {
        const before = await readFile(path.join(directory, file.name), 'utf8')
        const { text, cut } = change(before, file)
        if (text === before) continue
        file.cut += cut
        await write(file, text)
      }
    },
    async remove() {
      removed = true
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** As much of a text as fits into so many bytes, whole lines of its newest or its first. */
export function cutTo(text: string, limit: number, keep: SpoolFile['keep']): { text: string; cut: number } {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return { text, cut: 0 }
  const mark = (cut: number) => `[${cut} bytes are not here: the archive has a limit]\n`
  const room = Math.max(0, limit - mark(bytes.length).length)
  if (keep === 'newest') {
    const from = bytes.indexOf('\n', bytes.length - room) + 1
    const kept = from === 0 ? '' : bytes.subarray(from).toString()
    const cut = bytes.length - Buffer.byteLength(kept)
    return { text: `${mark(cut)}${kept}`, cut }
  }
  const kept = bytes.subarray(0, bytes.lastIndexOf('\n', room) + 1).toString()
  const cut = bytes.length - Buffer.byteLength(kept)
  return { text: `${kept}${mark(cut)}`, cut }
}

/** A name that is not taken. */
function free(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name
  const { dir, name: base, ext } = path.posix.parse(name)
  for (let i = 2; ; i++) {
    const other = path.posix.join(dir, `${base}-${i}${ext}`)
    if (!taken.has(other)) return other
  }
}

/** Text from outside as one part of a path. */
export const pathPart = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 120) || '_'
