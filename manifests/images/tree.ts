import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** What a directory holds, as data: hashed where it lies, and copied only by a build that needs it. */
export type Tree = Map<string, Entry>
export type Entry = Tree | { link: string } | { file: string; executable: boolean }

type Wanted = (path: string) => boolean

/** bytes of a file that is read at once; a larger one is streamed */
const readAtOnce = 1 << 20

/** What is in a directory, without what `wanted` refuses. */
export async function readTree(directory: string, wanted: Wanted = () => true): Promise<Tree> {
  const paths = (await readdir(directory)).map((name) => join(directory, name)).filter(wanted)
  const tree: Tree = new Map()
  for (const path of paths) tree.set(basename(path), await readEntry(path, wanted))
  return tree
}

/** What is at a path. */
export async function readEntry(path: string, wanted?: Wanted): Promise<Entry> {
  const info = await lstat(path)
  if (info.isDirectory()) return await readTree(path, wanted)
  if (info.isSymbolicLink()) return { link: await readlink(path) }
  return { file: path, executable: (info.mode & 0o100) !== 0 }
}

/** One hash over names, modes and contents; owners and times don't count. Hex. */
export async function hashTree(tree: Entry): Promise<string> {
  const hash = createHash('sha256')
  const walk = async (entry: Entry, name: string): Promise<void> => {
    if (entry instanceof Map) {
      hash.update(JSON.stringify(['directory', name]))
      for (const key of [...entry.keys()].sort()) await walk(entry.get(key) as Entry, `${name}/${key}`)
    } else if ('link' in entry) hash.update(JSON.stringify(['link', name, entry.link]))
    else {
      const { size } = await lstat(entry.file)
      hash.update(JSON.stringify(['file', name, entry.executable, size]))
      const large = size > readAtOnce
      const chunks = large ? createReadStream(entry.file, { highWaterMark: readAtOnce }) : [await readFile(entry.file)]
      for await (const chunk of chunks) hash.update(chunk)
    }
  }
  await walk(tree, '')
  return hash.digest('hex')
}

/** Makes a copy at a path where nothing is. Modes are the same whatever this process's umask is. */
export async function writeTree(tree: Entry, path: string): Promise<void> {
  if (tree instanceof Map) {
    await mkdir(path)
    await chmod(path, 0o755)
    for (const [name, entry] of tree) await writeTree(entry, join(path, name))
  } else if ('link' in tree) await symlink(tree.link, path)
  else {
    await copyFile(tree.file, path)
    await chmod(path, tree.executable ? 0o755 : 0o644)
  }
}
