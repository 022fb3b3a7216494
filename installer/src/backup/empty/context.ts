import type { InstallContext } from '../../install/context.ts'
import type { BackupFile } from '../file/open.ts'
import type { Key } from '../file/seal.ts'

/** What the stages share that make an installation from a backup. */
export interface RestoreContext extends InstallContext {
  backup: BackupFile
  key: Key | undefined
}
