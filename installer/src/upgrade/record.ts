import { hostname } from 'node:os'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { statusOf } from '../cluster/failure.ts'
import type { HistoryEntry, Named } from '../install/history.ts'

/**
 * The last upgrade from one release to the next, as the cluster keeps it (ConfigMap `sealift-upgrade`): while it has not ended,
 * whoever comes next, from whichever machine, goes on with it; after that it can be taken back by hand. Holds no secret.
 */
export interface UpgradeRecord {
  apiVersion: 'sealift.dev/v1'
  kind: 'Upgrade'
  /** RFC 3339 */
  started: string
  /** the machine that began it */
  host: string
  from: Named & {
    /** Helm's revision to go back to */
    revision: number
    /** names of the migrations that the database had */
    migrations: string[]
    /** major version of PostgreSQL */
    postgres: number
    /** answers (YAML) and receipt (JSON) of the site, as they were */
    answers: string
    receipt: string
  }
  to: Named
  /** `back` once it has failed, or is taken back by hand: from then on there is only the way back */
  direction: 'forward' | 'back'
  /** RFC 3339, when it came to its end, in its direction */
  ended?: string
  /** RFC 3339, when somebody began to take it back by hand, after it had ended well */
  takenBack?: string
  /** whether anything of the platform may be changed already */
  changes: boolean
  /** whether the database refuses writes until this has ended */
  writesStopped: boolean
  /** the next release has passed its test: from then on there is nothing to take back */
  passed: boolean
  /** Helm has been brought back already */
  chartIsBack?: boolean
  backup?: HistoryEntry['backup']
  failed?: HistoryEntry['failed']
}

export const recordName = 'sealift-upgrade'
const key = 'upgrade.json'

/** The last upgrade; undefined where there was none. @throws SealiftError UPGRADE_RECORD, CLUSTER_* */
export async function readRecord(cluster: Cluster, namespace: string): Promise<UpgradeRecord | undefined> {
  const map = await cluster.find('read what is known of an upgrade', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: recordName }),
  )
  const text = map?.data?.[key]
  if (text === undefined) return undefined
  try {
    const record = JSON.parse(text) as UpgradeRecord
    if (
      !['forward', 'back'].includes(record.direction) ||
      !Number.isInteger(record.from.revision) ||
      !record.to.version
    )
      throw new Error('a field is missing')
    return record
  } catch (cause) {
    throw new SealiftError('UPGRADE_RECORD', `what ConfigMap ${recordName} says of an upgrade cannot be read`, {
      why: (cause as Error).message,
      fix: `see it: kubectl${cluster.flags} --namespace ${namespace} get configmap ${recordName} --output yaml; where no upgrade is under way, delete it`,
      cause,
    })
  }
}

export const writeRecord = (cluster: Cluster, namespace: string, record: UpgradeRecord): Promise<void> =>
  applyConfigMap(cluster, namespace, recordName, { [key]: JSON.stringify(record, null, 2) })

export async function removeRecord(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.request('end the record of the upgrade', async () => {
    try {
      await cluster.core.deleteNamespacedConfigMap({ namespace, name: recordName })
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
  })
}

export const thisHost = (): string => hostname()
