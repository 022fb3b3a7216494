import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Files, filesOf } from './tar.ts'

/** The good inputs that `makeGood` made. */
export interface Good {
  directory: string
  /** content by path */
  files: ReadonlyMap<string, Buffer>
  /** what is in the bundle, by name */
  bundle: Files
}

export function readGood(directory: string): Good {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  const files = new Map(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path)]))
  return { directory, files, bundle: filesOf(files.get('cde.bundle') as Buffer) }
}

/** What stands where a file should; `/dev/zero` without an end. */
export const noFiles = ['directory', 'FIFO', '/dev/zero'] as const

/** One input: files in the place of good ones (undefined: it is missing), and the command that reads them. */
export interface Case {
  files: Readonly<Record<string, Buffer | (typeof noFiles)[number] | undefined>>
  /** of a command line; `@/` stands for the directory of the case */
  words: readonly string[]
}

/** Lays a case out in a new directory, with the good files beside its own; returns its words. */
export async function layOut({ files, words }: Case, good: Good, directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const own = new Set(Object.keys(files).map((path) => path.split('/')[0] as string))
  for (const name of new Set([...good.files.keys()].map((path) => path.split('/')[0] as string))) {
    const from = join(good.directory, name)
    if (!own.has(name)) await symlink(from, join(directory, name))
    // of a directory the rest is copied: a link in a chart is a fault of its own
    else if (!good.files.has(name)) await cp(from, join(directory, name), { recursive: true })
  }
  for (const [path, bytes] of Object.entries(files)) {
    const at = join(directory, path)
    await mkdir(dirname(at), { recursive: true })
    await rm(at, { force: true })
    if (bytes === undefined) continue
    if (bytes === 'directory') await mkdir(at)
    else if (bytes === 'FIFO') execFileSync('mkfifo', [at])
    else if (bytes === '/dev/zero') await symlink(bytes, at)
    else await writeFile(at, bytes)
  }
  return words.map((word) => word.replaceAll('@/', `${directory}/`))
}
