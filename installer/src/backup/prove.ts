import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { duration } from '../amounts.ts'
import { platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import { appliedMigrations } from '../database/applied-migrations.ts'
import type { Database } from '../database/database.ts'
import { postgresImage } from '../database/image.ts'
import { refill } from '../database/refill.ts'
import { type Difference, differences, tableStates } from '../database/state.ts'
import { type Backup, described } from './backup.ts'
import { type BackupFile, openBackup } from './file/open.ts'
import { remember } from './known.ts'
import { counting } from './progress.ts'
import type { BackupSite } from './site.ts'
import { startThrowAway } from './throw-away.ts'
import { assertKey, type ReadOptions, verifyOpened } from './verify.ts'

export interface ProveOptions extends ReadOptions {
  /** of PostgreSQL; that of the installation by default. A later major than the dump's shows that the data can go there */
  image?: string
}

/** What a proof found to be equal. */
export interface Proof {
  backup: Backup
  tables: number
  rows: number
  /** of the PostgreSQL that it was restored into */
  major: number
  ms: number
}

/**
 * Proves that a backup restores: puts it into a throw-away database in the cluster, and compares every table's rows, a checksum
 * of them in any order, and the migrations. The installation remembers that.
 * @throws SealiftError BACKUP_NOT_EQUAL, BACKUP_*, CLUSTER_POD*, CLUSTER_SQL, CLUSTER_*
 */
export async function proveBackup(site: BackupSite, path: string, options: ProveOptions): Promise<Proof> {
  const started = Date.now()
  const cluster = site.cluster.until(options.signal)
  const file = await openBackup(path)
  try {
    assertKey(file, options.key)
    await verifyOpened(file, options)
    const helm = await readHelmHistory(cluster, platformRelease(site.namespace))
    const values = helm?.values ?? {}
    const image = options.image ?? postgresImage(values)
    const database = await startThrowAway(cluster, {
      ...{ namespace: site.namespace, image, values },
      data: file.document.data,
    })
    try {
      await assertRestores(database, file, options)
      const { tables } = file.document
      const proof = {
        ...{ backup: described(file), tables: tables.length, major: database.major, ms: Date.now() - started },
        rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      }
      options.report.info(
        `restored into a throw-away PostgreSQL ${proof.major} and compared in ${duration(proof.ms)}: ${proof.tables} tables, ${proof.rows} rows`,
      )
      await remember({ ...site, cluster }, proof.backup, { proven: new Date().toISOString() })
      return proof
    } finally {
      await database.close()
    }
  } finally {
    await file.close()
  }
}

/** Puts a backup into an empty database and compares. @throws SealiftError BACKUP_NOT_EQUAL, CLUSTER_SQL */
export async function assertRestores(
  database: Database,
  file: BackupFile,
  { key, report, signal }: ReadOptions,
): Promise<void> {
  const { document, path } = file
  const dump = counting(file.read('dump', key), file.sizeOf('dump'), report)
  // compared below, where all differences can be told
  await refill(database, dump, { states: [], signal })
  const found = differences(document.tables, await tableStates(database))
  const migrations = (await appliedMigrations(database)).map(({ name, hash }) => `${name} ${hash}`).join()
  if (found.length === 0 && migrations === document.migrations.map(({ name, hash }) => `${name} ${hash}`).join()) return
  throw new SealiftError('BACKUP_NOT_EQUAL', `${path} restores to something else than was backed up`, {
    why: found.length > 0 ? describeDifferences(found) : 'its migrations are others',
    fix: 'make another one: sealift backup create; and keep this one for whoever looks into it',
  })
}

/** tables that are named */
const shown = 10

export const describeDifferences = (all: readonly Difference[]): string =>
  all
    .slice(0, shown)
    .map(({ table, wanted, found }) =>
      wanted === undefined
        ? `${table} is new`
        : found === undefined
          ? `${table} is missing`
          : `${table}: ${found} rows, ${found === wanted ? 'some of them others' : `not ${wanted}`}`,
    )
    .join('; ') + (all.length > shown ? `; and ${all.length - shown} more` : '')
