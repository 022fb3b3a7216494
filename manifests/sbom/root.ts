import { lstat, readFile, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** links that are followed on the way to one file */
const maxLinks = 16

/**
 * Reads a file of a root file system that is mounted somewhere. Links are followed as a process in there would follow
 * them: none leads out. Undefined where there is no such file.
 */
export async function readInRoot(root: string, path: string): Promise<string | undefined> {
  const inside = await resolveInRoot(root, path)
  return inside === undefined ? undefined : await readFile(join(root, inside), 'utf8')
}

async function resolveInRoot(root: string, path: string): Promise<string | undefined> {
  const ahead = path.split('/').filter((part) => part !== '')
  let at = '/'
  for (let links = 0; ahead.length > 0; ) {
    const next = join(at, ahead.shift() as string)
    const info = await lstat(join(root, next)).catch(() => undefined)
    if (!info) return undefined
    if (!info.isSymbolicLink()) at = next
    else if (++links > maxLinks) return undefined
    else {
      const target = await readlink(join(root, next))
      at = target.startsWith('/') ? '/' : dirname(next)
      ahead.unshift(...target.split('/').filter((part) => part !== ''))
    }
  }
  return (await lstat(join(root, at))).isFile() ? at : undefined
}
