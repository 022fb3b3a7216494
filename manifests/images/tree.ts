import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** One hash over names, modes and contents below a directory; owners and times don't count. Hex. */
export async function hashTree(directory: string): Promise<string> {
  const hash = createHash('sha256')
  const walk = async (path: string, name: string): Promise<void> => {
    const info = await lstat(path)
    const executable = (info.mode & 0o100) !== 0
    if (info.isDirectory()) {
      hash.update(JSON.stringify(['directory', name]))
      for (const entry of (await readdir(path)).sort()) await walk(join(path, entry), `${name}/${entry}`)
    } else if (info.isSymbolicLink()) hash.update(JSON.stringify(['link', name, await readlink(path)]))
    else {
      hash.update(JSON.stringify(['file', name, executable, info.size]))
      for await (const chunk of createReadStream(path)) hash.update(chunk)
    }
  }
  await walk(directory, '')
  return hash.digest('hex')
}
