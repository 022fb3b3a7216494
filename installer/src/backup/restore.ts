import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { counted, minute } from '../amounts.ts'
import type { Cluster } from '../cluster/connection.ts'
import { platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import type { Database } from '../database/database.ts'
import { type OpenOptions, openDatabase } from '../database/open.ts'
import { refill } from '../database/refill.ts'
import { type Difference, differences, tableStates } from '../database/state.ts'
import { resumeWrites, stopWrites } from '../database/writes.ts'
import type { Reporter } from '../install/events.ts'
import { assertFits } from './accept.ts'
import { type Backup, described } from './backup.ts'
import { bindClaims, type Homes } from './bind-claims.ts'
import { type BackupFile, openBackup } from './file/open.ts'
import { counting } from './progress.ts'
import { restartPods } from './restart.ts'
import { type KeptSecret, parseSecrets, putBackSecrets } from './secrets.ts'
import type { BackupSite } from './site.ts'
import { assertKey, type ReadOptions, verifyOpened } from './verify.ts'

export interface RestoreOptions extends ReadOptions {
  /** whoever goes on afterwards lets the platform write again, and its pods start anew; else this does */
  leaveStopped?: boolean
  /** the pod of the platform's own database, where there are several */
  pod?: string
  /** asked before anything is changed, with what would be lost; what it throws ends the restore */
  confirm?: (lost: readonly Difference[]) => Promise<void>
}

export interface Restored {
  backup: Backup
  lost: Difference[]
  /** names of those that were not as in the backup */
  secrets: string[]
  homes: Homes
}

/**
 * Brings an installation back to what it was at a backup: stops what is written, tells what is lost, puts the database back in one
 * transaction that counts only when each table holds what it did then, then the Secrets. What is interrupted is begun again by the
 * same call, and until the transaction has ended nothing is lost.
 * @throws SealiftError BACKUP_*, CLUSTER_SQL, CLUSTER_EXEC, CLUSTER_*
 */
export async function restoreBackup(site: BackupSite, path: string, options: RestoreOptions): Promise<Restored> {
  const { signal, report, key } = options
  const cluster = site.cluster.until(signal)
  const { namespace } = site
  const file = await openBackup(path)
  try {
    assertKey(file, key)
    await assertFits({ ...site, cluster }, file)
    await verifyOpened(file, options)
    const secrets = await parseSecrets(file.read('secrets', key), path)
    const { lost, changed } = await putBack({ ...site, cluster }, file, secrets, options)
    const homes = await bindClaims(cluster, namespace, file.document.claims)
    if (!options.leaveStopped) {
      const manifest = (await readHelmHistory(cluster, platformRelease(namespace)))?.manifest ?? ''
      await restartPods(cluster, namespace, { manifest, secrets: changed, report })
    }
    return { backup: described(file), lost, secrets: changed, homes }
  } finally {
    await file.close()
  }
}

/** Puts database and Secrets back, while nobody else writes. */
async function putBack(
  site: BackupSite,
  file: BackupFile,
  secrets: readonly KeptSecret[],
  options: RestoreOptions,
): Promise<{ lost: Difference[]; changed: string[] }> {
  const { cluster, namespace } = site
  const { key, report, signal, leaveStopped } = options
  const { document } = file
  const where = options.pod === undefined ? {} : { pod: options.pod }
  const database = await openDatabase(cluster, namespace, where)
  let stopped = false
  try {
    if (options.confirm) await options.confirm(await lossesOf(database, file))
    stopped = !leaveStopped
    await stopWrites(database)
    const lost = await lossesOf(database, file)
    tell(file, lost, options)
    await refill(database, counting(file.read('dump', key), file.sizeOf('dump'), report), {
      states: document.tables,
      signal,
    })
    report.info(`the database is as it was at ${minute(new Date(document.created))}`)
    const changed = await putBackSecrets(cluster, namespace, secrets)
    report.info(changed.length === 0 ? 'all secrets are as they were' : `put back: ${changed.join(', ')}`)
    if (stopped) await resumeWrites(database)
    stopped = false
    return { lost, changed }
  } finally {
    await database.close()
    if (stopped) await resumeAnyway(cluster, namespace, where, report)
  }
}

/** milliseconds for it */
const farewell = 30_000

/** Lets the platform write again after a failure or an abort, which ended all that was connected. */
async function resumeAnyway(cluster: Cluster, namespace: string, where: OpenOptions, report: Reporter): Promise<void> {
  try {
    const database = await openDatabase(cluster.until(AbortSignal.timeout(farewell)), namespace, where)
    await resumeWrites(database).finally(() => database.close())
  } catch (error) {
    report.warn(
      `the platform only reads until the same command is run again and comes to its end: ${(error as Error).message}`,
    )
  }
}

/** What a restore would lose. Tables that cannot be read are as good as gone. */
export async function lossesOf(database: Database, { document }: Pick<BackupFile, 'document'>): Promise<Difference[]> {
  const now = await tableStates(database).catch((error: unknown) => {
    if (error instanceof SealiftError && error.code === 'CLUSTER_SQL') return []
    throw error
  })
  return differences(document.tables, now)
}

function tell({ document }: BackupFile, lost: readonly Difference[], { report }: RestoreOptions): void {
  const since = minute(new Date(document.created))
  if (lost.length === 0) report.info(`nothing was written since ${since}: nothing is lost`)
  else report.warn(`lost is what was written since ${since}: ${lost.map(describeLoss).join('; ')}`)
}

/** `users: 3 rows more than then`. */
export function describeLoss({ table, wanted, found }: Difference): string {
  if (found === undefined) return `${table}: is gone, and comes back`
  if (wanted === undefined) return `${table}: was not there then, ${counted(found, 'row')}`
  if (found === wanted) return `${table}: other values, as many rows`
  const apart = counted(Math.abs(found - wanted), 'row')
  return `${table}: ${apart} ${found > wanted ? 'more' : 'fewer'} than then`
}
