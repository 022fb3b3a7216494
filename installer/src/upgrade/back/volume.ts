import { existsSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openBackup } from '../../backup/file/open.ts'
import { lossesOf } from '../../backup/restore.ts'
import type { Cluster } from '../../cluster/connection.ts'
import type { Difference } from '../../database/state.ts'
import { stopWrites } from '../../database/writes.ts'
import type { Stage } from '../../install/engine.ts'
import type { Reporter } from '../../install/events.ts'
import { claimOf } from '../postgres-major.ts'
import type { UpgradeRecord } from '../record.ts'
import { readVolume, removeVolume } from '../volume.ts'
import type { DatabaseUse } from '../with-database.ts'
import { type BackContext, to } from './context.ts'
import { lossText } from './loss.ts'
import { stopManagers } from './managers.ts'

/**
 * Leaves the database that another major version of PostgreSQL has: the volume of before is as it was, and Helm brings it back.
 * Managers of the next release must not find it then: they would migrate it.
 */
export async function leaveVolume(context: BackContext, report: Reporter): Promise<void> {
  const { answers, record, withDatabase, note } = context
  await assertVolume(context.cluster(), answers.namespace, record())
  if (!record().writesStopped) {
    context.lost = await lostWith(record(), record().backup?.path, withDatabase, stopWrites)
    report.info(lossText(context.lost))
  }
  await note({ writesStopped: true, passed: false })
  await stopManagers(context, report)
}

/** @throws SealiftError UPGRADE_NO_WAY_BACK where the volume of before is gone */
export async function assertVolume(cluster: Cluster, namespace: string, { from }: UpgradeRecord): Promise<void> {
  const name = claimOf(from.postgres)
  if (await readVolume(cluster, namespace, name)) return
  throw new SealiftError('UPGRADE_NO_WAY_BACK', `the volume of before the upgrade is gone: no claim ${name}`, {
    why: `the database of ${from.version} was in it, and PostgreSQL ${from.postgres} cannot read the one of today`,
    fix: `onto an empty cluster, the bundle of ${from.version} and the backup of before bring it back: sealift backup restore FILE`,
  })
}

/**
 * What the database that is left has, and its backup has not; undefined where one of them is not at hand.
 * @param first what is done to the database before
 */
export async function lostWith(
  { move }: Pick<UpgradeRecord, 'move'>,
  path: string | undefined,
  withDatabase: DatabaseUse,
  first: Parameters<DatabaseUse>[0] = async () => {},
): Promise<Difference[] | undefined> {
  try {
    return await withDatabase(async (database) => {
      if (claimOf(database.major) !== move?.claim) return []
      await first(database)
      if (path === undefined || !existsSync(path)) return undefined
      const file = await openBackup(path)
      try {
        return await lossesOf(database, file)
      } finally {
        await file.close()
      }
    })
  } catch (error) {
    // the volume of before is the way back, whatever became of these
    if (error instanceof SealiftError && /^(CLUSTER_DATABASE_DOWN|BACKUP_.*)$/.test(error.code)) return undefined
    throw error
  }
}

export const volumeBackStage: Stage<BackContext> = {
  id: 'volume-back',
  title: 'Remove the volume of the next PostgreSQL',
  inPlace: 'it had none of its own',
  needed: async ({ record }) => record().move !== undefined,
  async run(context, report) {
    const { answers, record } = context
    const { move, started } = record()
    if (move && (await removeVolume(context.cluster(), answers.namespace, move.claim, started)))
      report.info(`${move.claim} is gone; the database is in ${claimOf(to(context).postgres)}, as it was`)
  },
}
