import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { withdrawNotice } from '../database/notices.ts'
import { resumeWrites } from '../database/writes.ts'
import { removeRecord, type UpgradeRecord } from './record.ts'
import { inDatabase } from './with-database.ts'

/**
 * Ends an upgrade that has changed nothing: what keeps people from writing, what they were told, and its record.
 * @throws SealiftError CLUSTER_*: the record stays, and the next upgrade begins with this
 */
export async function forget(
  cluster: Cluster,
  namespace: string,
  { writesStopped, told }: UpgradeRecord,
): Promise<void> {
  if (writesStopped || told)
    await inDatabase(cluster, namespace, async (database) => {
      if (writesStopped) await resumeWrites(database)
      if (told) await withdrawNotice(database)
    })
  await removeRecord(cluster, namespace)
}

/**
 * The same for one that has failed with `error`, which this throws: what fails here too must hide neither that, nor that
 * people still wait.
 */
export async function giveUp(
  cluster: Cluster,
  namespace: string,
  record: UpgradeRecord,
  error: SealiftError,
): Promise<never> {
  try {
    await forget(cluster, namespace, record)
  } catch (left) {
    if (!(left instanceof SealiftError)) throw left
    const waits = record.writesStopped ? 'nobody can write until then' : 'people are still told of it'
    throw new SealiftError(error.code, error.message, {
      why: [error.why, `what it began could not be ended, and ${waits}: ${left.message}`].filter(Boolean).join('; '),
      fix: [error.fix, 'the same command again ends it first'].filter(Boolean).join('; '),
      cause: error,
    })
  }
  throw error
}
