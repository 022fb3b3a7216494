import { createHash } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Reporter } from '../install/events.ts'
import { type Backup, described } from './backup.ts'
import { damagedBackup } from './fault.ts'
import { type BackupFile, openBackup } from './file/open.ts'
import type { Key } from './file/seal.ts'
import { type Part, parts } from './media-types.ts'
import { parseSecrets } from './secrets.ts'

export interface ReadOptions {
  /** of an encrypted one */
  key?: Key | undefined
  report: Reporter
  signal: AbortSignal
}

/**
 * Reads a backup to its end: each byte is the one that was written. With the key of an encrypted one, that it opens; without,
 * `opened` says that this is not known.
 * @throws SealiftError BACKUP_DAMAGED, BACKUP_FORMAT, BACKUP_KEY, USAGE_BACKUP_FILE
 */
export async function verifyBackup(path: string, options: ReadOptions): Promise<Backup & { opened: boolean }> {
  const file = await openBackup(path)
  try {
    return { ...described(file), opened: await verifyOpened(file, options) }
  } finally {
    await file.close()
  }
}

/** The same of one that is open already. */
export async function verifyOpened(file: BackupFile, options: ReadOptions): Promise<boolean> {
  const names = Object.keys(parts) as Part[]
  const total = names.reduce((sum, part) => sum + file.sizeOf(part), 0)
  let done = 0
  for (const part of names)
    for await (const chunk of file.raw(part)) {
      options.signal.throwIfAborted()
      done += chunk.length
      options.report.progress(done, total, 'bytes')
    }
  if (file.document.encryption !== 'none' && options.key === undefined) return false
  await openParts(file, options)
  return true
}

async function openParts(file: BackupFile, { key, signal }: ReadOptions): Promise<void> {
  const { path, document } = file
  await parseSecrets(file.read('secrets', key), path)
  const hash = createHash('sha256')
  for await (const chunk of file.read('receipt', key)) hash.update(chunk)
  if (`sha256:${hash.digest('hex')}` !== document.receipt) throw damagedBackup(path, 'its receipt is another one')
  for (const part of ['answers', 'values'] as const) for await (const _ of file.read(part, key)) signal.throwIfAborted()
  let head = ''
  for await (const chunk of file.read('dump', key)) {
    signal.throwIfAborted()
    if (head.length < magic.length) head += Buffer.from(chunk.subarray(0, magic.length)).toString('latin1')
    // what is not encrypted has been read to its end already
    else if (document.encryption === 'none') break
  }
  if (!head.startsWith(magic)) throw damagedBackup(path, 'its dump is none of pg_dump')
}

/** what a dump in the custom format begins with (src/bin/pg_dump/pg_backup_custom.c) */
const magic = 'PGDMP'

/** Refuses an encrypted backup early where no key was given. @throws SealiftError BACKUP_KEY */
export function assertKey({ document, path }: BackupFile, key: Key | undefined): void {
  if (document.encryption === 'none' || key !== undefined) return
  throw new SealiftError('BACKUP_KEY', `${path} is encrypted, and no key was given`, {
    fix:
      document.encryption === 'passphrase' ? '--passphrase-file FILE, or SEALIFT_BACKUP_PASSPHRASE' : '--identity FILE',
  })
}
