import type { CompleteAnswers } from '../../answers/schema.ts'
import { type Cluster, connectCluster } from '../../cluster/connection.ts'
import { type HelmRelease, type HelmStatus, helmStatus, platformRelease } from '../../cluster/helm.ts'
import type { HelmBinary } from '../../cluster/helm-process.ts'
import type { Difference } from '../../database/state.ts'
import { once } from '../../install/once.ts'
import type { UpgradeOptions } from '../context.ts'
import { type UpgradeRecord, writeRecord } from '../record.ts'
import { type DatabaseUse, inDatabase } from '../with-database.ts'

/** What the stages of the way back share: the release that was there before, and what is known of the upgrade. */
export interface BackContext {
  /** of the release of before, with how this machine reaches the cluster */
  answers: CompleteAnswers
  signal: AbortSignal
  /** milliseconds until it has to be ready */
  timeout: number
  backup: UpgradeOptions['backup']
  helmRelease: HelmRelease
  /** milliseconds that each finished stage took */
  times: Record<string, number>
  /** the stage that failed */
  failing?: string
  /** what somebody would miss; set by the stage that leaves the database of now; undefined where nobody can count it */
  lost: Difference[] | undefined
  record(): UpgradeRecord
  note(change: Partial<UpgradeRecord>): Promise<void>
  cluster(): Cluster
  helm(): Promise<HelmBinary>
  /** read anew each time */
  status(): Promise<HelmStatus | undefined>
  withDatabase: DatabaseUse
}

export interface BackDeps extends Pick<BackContext, 'answers' | 'backup' | 'helm' | 'signal' | 'timeout'> {
  record: UpgradeRecord
}

export function createBackContext({ record: begun, ...deps }: BackDeps): BackContext {
  const { answers, signal, helm } = deps
  const { namespace } = answers
  const helmRelease = platformRelease(namespace)
  const cluster = once(() => connectCluster(answers, signal))
  let record = begun
  return {
    ...deps,
    ...{ helmRelease, times: {}, lost: [], cluster },
    record: () => record,
    async note(change) {
      record = { ...record, ...change }
      await writeRecord(cluster(), namespace, record)
    },
    status: async () => helmStatus(await helm(), answers, helmRelease, { signal }),
    withDatabase: (work) => inDatabase(cluster(), namespace, work),
  }
}

/** What is gone back to. */
export const to = ({ record }: Pick<BackContext, 'record'>): UpgradeRecord['from'] => record().from
