import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { newOpensshKey } from '../../ssh/openssh-key.ts'

/** Folder of the agent in the home volume; outlives rebuilds. */
export const agentFolder = (home: string): string => join(home, '.cde')

/**
 * The workspace's own Ed25519 host key (OpenSSH private key format), made on first use and kept in the home volume, so
 * that a rebuild does not look like an attack. Two agents that start at once agree on one key. One that is there and can't
 * be read, which whoever works in the workspace can do to it, is replaced: without it nobody gets in.
 */
export async function loadHostKey(home: string): Promise<string> {
  const folder = agentFolder(home)
  const file = join(folder, 'ssh_host_ed25519_key')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const there = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (there !== undefined) {
    const key = ssh2.utils.parseKey(there)
    if (!(key instanceof Error) && key.isPrivateKey()) return there
    await rm(file)
  }
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, newOpensshKey(), { mode: 0o600 })
  // A link, not a rename: it fails where another agent was first.
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary)
  return await readFile(file, 'utf8')
}
