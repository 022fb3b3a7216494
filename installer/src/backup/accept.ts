import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import { damagedBackup } from './fault.ts'
import type { BackupFile } from './file/open.ts'
import { knownBackups } from './known.ts'
import { installedReceipt } from './receipt.ts'
import { type BackupSite, identityOf, isSameSite } from './site.ts'

/**
 * Refuses a backup that is not of this installation, is of a later release than it runs, or stands in for one that it remembers.
 * @throws SealiftError BACKUP_OTHER_SITE, BACKUP_NEWER, BACKUP_DAMAGED, CLUSTER_NO_RECEIPT, CLUSTER_*
 */
export async function assertFits(site: BackupSite, { path, id, document }: BackupFile): Promise<void> {
  const { cluster, namespace } = site
  const [here, { receipt }, known] = await Promise.all([
    identityOf(site),
    installedReceipt(cluster, namespace),
    knownBackups(site),
  ])
  if (!isSameSite(document.site, here) || document.release.name !== receipt.release.name)
    throw new SealiftError('BACKUP_OTHER_SITE', `${path} is a backup of another installation`, {
      why: `of ${document.release.name} at ${document.site.host ?? document.site.server}, namespace ${document.site.namespace}; this is ${receipt.release.name} at ${receipt.site.host}, namespace ${namespace}`,
      fix: 'see which are of this one: sealift backup list',
    })
  if (semver.gt(document.release.version, receipt.release.version, true))
    throw new SealiftError('BACKUP_NEWER', `${path} is of a later release than the one that runs here`, {
      why: `it is of ${document.release.version}, here runs ${receipt.release.version}, which does not know its tables`,
      fix: `upgrade to ${document.release.version} first: sealift upgrade BUNDLE`,
    })
  const same = known.find(({ created }) => created === document.created)
  if (same && same.id !== id)
    throw damagedBackup(path, `the installation remembers a backup of ${document.created}, and this is another one`)
}
