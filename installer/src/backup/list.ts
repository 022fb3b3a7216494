import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Backup } from './backup.ts'
import { openBackup } from './file/open.ts'
import type { KnownBackup } from './known.ts'

/** A backup that a directory of this machine holds, or that the installation remembers, or both. */
export interface ListedBackup extends KnownBackup {
  /** whether its file is here */
  here: boolean
  /** whether the installation remembers it */
  known: boolean
}

/** A file that should be a backup and is none that can be used. */
export interface BrokenBackup {
  path: string
  why: string
}

export interface Listing {
  /** oldest first */
  backups: ListedBackup[]
  broken: BrokenBackup[]
}

/** The backups in a directory and those that the installation remembers. Content is not read: `verifyBackup` does. */
export async function listBackups(directory: string, known: readonly KnownBackup[]): Promise<Listing> {
  const { files, broken } = await backupsIn(directory)
  const here = files.map(({ id, path: file, size, document: { created, release, encryption } }): ListedBackup => {
    const remembered = known.find((one) => one.id === id)
    return {
      ...{
        id,
        machine: hostname(),
        path: file,
        size,
        created,
        encryption,
        here: true,
        known: remembered !== undefined,
      },
      release: `${release.name} ${release.version}`,
      ...(remembered?.proven === undefined ? {} : { proven: remembered.proven }),
    }
  })
  const elsewhere = known.filter(({ id }) => !here.some((one) => one.id === id))
  const all = [...here, ...elsewhere.map((one) => ({ ...one, here: false, known: true }))]
  return { backups: all.sort((a, b) => (a.created < b.created ? -1 : 1)), broken }
}

/** The backups whose files are in a directory; none where there is no such directory. */
export async function backupsIn(directory: string): Promise<{ files: Backup[]; broken: BrokenBackup[] }> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new SealiftError('USAGE_BACKUP_FILE', `${directory} cannot be read`, { why: cause.code, cause })
  })
  const files: Backup[] = []
  const broken: BrokenBackup[] = []
  for (const name of names.filter((one) => one.endsWith('.backup')).sort()) {
    const file = path.resolve(directory, name)
    try {
      const { id, size, document, close } = await openBackup(file)
      await close()
      files.push({ id, path: file, size, document })
    } catch (error) {
      if (!(error instanceof SealiftError)) throw error
      broken.push({ path: file, why: error.why ?? error.message })
    }
  }
  return { files, broken }
}
