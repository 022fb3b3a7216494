import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** The failure of a file that is not, or no longer, what a backup is. */
export const damagedBackup = (path: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('BACKUP_DAMAGED', `${path} is cut or was altered: it is not used`, {
    why,
    fix: 'take another one, or carry it over again: sealift backup list',
    cause,
  })
