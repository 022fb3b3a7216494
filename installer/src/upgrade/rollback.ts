import { existsSync, globSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openBackup } from '../backup/file/open.ts'
import { lossesOf } from '../backup/restore.ts'
import { type Cluster, connectCluster } from '../cluster/connection.ts'
import { platformRelease } from '../cluster/helm.ts'
import { readHelmRevision } from '../cluster/helm-history.ts'
import type { HelmBinary } from '../cluster/helm-process.ts'
import { appliedMigrations, takesItselfBack } from '../database/applied-migrations.ts'
import type { Difference } from '../database/state.ts'
import { extract } from '../install/extract.ts'
import { helmFile } from '../install/helm-file.ts'
import { openJournal } from '../install/journal.ts'
import { defaultStateDir, openInstallation } from '../install/open.ts'
import { lockState } from '../stores/state-lock.ts'
import { assertVolume, lostWith } from './back/volume.ts'
import type { UpgradeOptions } from './context.ts'
import type { UpgradeEmit } from './events.ts'
import { holdLease } from './lease.ts'
import { claimOf } from './postgres-major.ts'
import { readRecord, type UpgradeRecord, writeRecord } from './record.ts'
import { siteAnswers } from './site-answers.ts'
import { answersBefore, goBack } from './step.ts'
import { type DatabaseUse, inDatabase } from './with-database.ts'

export interface RollbackRequest {
  where: { kubeconfig?: string | undefined; context?: string | undefined; namespace: string }
  stateDir?: string | undefined
  /** a bundle of the product, for a machine that has neither installed nor upgraded here: Helm is taken out of it */
  bundle?: string | undefined
  /** where a backup of before lies now, where it was moved */
  backup?: string | undefined
  key?: UpgradeOptions['backup']['key']
  /** milliseconds that the release of before may take to become ready */
  timeout: number
}

/** What a rollback would do; plain data. */
export interface RollbackPlan {
  from: string
  to: string
  /** RFC 3339, when the upgrade that is taken back ended; undefined where it never did */
  upgraded: string | undefined
  /** migrations that are taken back, newest first */
  migrations: string[]
  /** the backup from which the database comes; undefined where it stays, and nothing is lost */
  backup?: { path: string; created: string }
  /** where PostgreSQL goes back to its major version of before: the volume that has the database as it was */
  volume?: string
  /** what was written since that backup; undefined where nobody can count it */
  lost: Difference[] | undefined
}

export interface Rollback {
  plan: RollbackPlan
  /** Goes back. Returns what was lost. @throws SealiftError of the stage that failed: run again, it goes on */
  run(emit: UpgradeEmit): Promise<Difference[] | undefined>
  close(): Promise<void>
}

/**
 * Looks how the last upgrade can be taken back. Changes nothing.
 * @throws SealiftError UPGRADE_NO_WAY_BACK, BACKUP_*, CLUSTER_*, USAGE_LOCKED
 */
export async function openRollback(request: RollbackRequest, signal: AbortSignal): Promise<Rollback> {
  const undo = new AsyncDisposableStack()
  try {
    const { where, key, timeout } = request
    const { namespace } = where
    const cluster = connectCluster(where, signal)
    const stateDir = request.stateDir ?? defaultStateDir(where)
    undo.defer(await lockState(stateDir, 'another installation or upgrade'))
    const record = await undone(cluster, namespace)
    const helm = await helmOf(cluster, request, stateDir, undo)
    const file = request.backup ?? record.backup?.path
    const plan = await planOf(cluster, namespace, record, file)
    const journal = await openJournal(stateDir)
    undo.defer(() => journal.close())
    return {
      plan,
      async run(emit) {
        const lease = await holdLease(cluster, namespace, stateDir)
        try {
          const begun = backwards(record, file)
          await writeRecord(cluster, namespace, begun)
          const both = AbortSignal.any([signal, lease.lost])
          const answers = answersBefore(record, where)
          const backup = { directory: '', key }
          const deps = { answers, backup, helm: async () => helm, signal: both, timeout, record: begun }
          return await goBack(deps, { journal, emit, signal: both })
        } finally {
          await lease.release()
        }
      },
      close: () => undo.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

/** The upgrade to take back. @throws SealiftError UPGRADE_NO_WAY_BACK */
async function undone(cluster: Cluster, namespace: string): Promise<UpgradeRecord> {
  const record = await readRecord(cluster, namespace)
  const none = (message: string, why?: string) =>
    new SealiftError('UPGRADE_NO_WAY_BACK', message, {
      why,
      fix: 'see what was done: sealift history; to bring data back: sealift backup restore FILE',
    })
  if (record === undefined) throw none(`${namespace} was never upgraded`)
  if (!record.changes) throw none('the last upgrade has changed nothing')
  if (record.noWayBack !== undefined)
    throw none(`there is no way back from ${record.to.version}`, `it says: ${record.noWayBack}`)
  if (record.direction === 'back' && record.ended !== undefined)
    throw none(
      `${record.from.version} runs already`,
      `the upgrade to ${record.to.version} was taken back at ${record.ended}`,
    )
  await readHelmRevision(cluster, platformRelease(namespace), record.from.revision)
  return record
}

/** The same upgrade on its way back. */
function backwards(record: UpgradeRecord, file: string | undefined): UpgradeRecord {
  if (record.direction === 'back') return record
  const { ended, chartIsBack: _, ...rest } = record
  return {
    ...rest,
    direction: 'back',
    ...(ended === undefined ? {} : { takenBack: new Date().toISOString() }),
    ...(record.backup && file !== undefined ? { backup: { ...record.backup, path: path.resolve(file) } } : {}),
  }
}

async function planOf(
  cluster: Cluster,
  namespace: string,
  record: UpgradeRecord,
  file: string | undefined,
): Promise<RollbackPlan> {
  const { from, to, ended, backup, move, writesStopped } = record
  if (move) {
    await assertVolume(cluster, namespace, record)
    const use: DatabaseUse = (work) => inDatabase(cluster, namespace, work)
    const lost = writesStopped ? [] : await lostWith(record, file, use)
    const volume = claimOf(from.postgres)
    return { from: to.version, to: from.version, upgraded: ended, migrations: [], volume, lost }
  }
  const before = new Set(from.migrations)
  return await inDatabase(cluster, namespace, async (database) => {
    const newer = (await appliedMigrations(database)).filter(({ name }) => !before.has(name)).reverse()
    const plan = {
      ...{ from: to.version, to: from.version, upgraded: ended },
      migrations: newer.map(({ name }) => name),
    }
    if (newer.every(takesItselfBack)) return { ...plan, lost: [] }
    if (file === undefined || !existsSync(file))
      throw new SealiftError(
        'UPGRADE_NO_WAY_BACK',
        `the backup of before the upgrade is not at ${file ?? 'any place'}`,
        {
          why: `it was made on ${backup?.host}, and the way back from ${newer.find((one) => !takesItselfBack(one))?.name} is the backup`,
          fix: 'name where it is: sealift rollback --backup FILE',
        },
      )
    const opened = await openBackup(file)
    try {
      const { created } = opened.document
      return { ...plan, backup: { path: file, created }, lost: await lossesOf(database, opened) }
    } finally {
      await opened.close()
    }
  })
}

/** Helm out of the bundle that is named, else the one that was taken out of a bundle here. @throws SealiftError UPGRADE_NO_WAY_BACK */
async function helmOf(
  cluster: Cluster,
  { bundle, where }: RollbackRequest,
  stateDir: string,
  undo: AsyncDisposableStack,
): Promise<HelmBinary> {
  const home = path.join(stateDir, 'helm')
  if (bundle !== undefined) {
    const source = { bundle: path.resolve(bundle) }
    const site = path.join(stateDir, 'site')
    undo.defer(() => rm(site, { recursive: true, force: true }))
    const answers = await siteAnswers(cluster, { draft: {}, where, source }, site)
    const deps = await openInstallation(answers, stateDir, cluster.signal)
    undo.defer(() => deps.close())
    const content = await deps.bundle.file(helmFile(deps.bundle.release))
    return { path: await extract(content, path.join(stateDir, 'files'), 'helm', 0o755), home }
  }
  const found = globSync('files/*/helm', { cwd: stateDir }).sort()
  const helm = found.at(-1)
  if (helm !== undefined) return { path: path.join(stateDir, helm), home }
  throw new SealiftError('UPGRADE_NO_WAY_BACK', `there is no helm in ${stateDir}`, {
    why: 'this machine has neither installed nor upgraded here',
    fix: 'name the bundle of either release: sealift rollback BUNDLE',
  })
}
