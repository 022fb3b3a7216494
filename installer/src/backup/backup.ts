import type { BackupDocument } from './document.ts'
import type { BackupFile } from './file/open.ts'

/** A backup that is there. */
export interface Backup {
  /** digest of its manifest */
  id: string
  path: string
  /** bytes of the file */
  size: number
  document: BackupDocument
}

/** What a backup is for those that work with it. */
export const described = ({ id, path, size, document }: BackupFile): Backup => ({ id, path, size, document })
