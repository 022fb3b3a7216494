import { hostname } from 'node:os'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { statusOf } from '../cluster/failure.ts'

const text = Type.String()
const time = (description: string) => Type.String({ description: `RFC 3339: ${description}` })
const named = { name: text, version: text, digest: text }

/**
 * The last upgrade from one release to the next, as the cluster keeps it (ConfigMap `sealift-upgrade`): while it has not ended,
 * whoever comes next, from whichever machine, goes on with it; after that it can be taken back by hand. Holds no secret.
 */
const UpgradeRecord = Type.Object({
  apiVersion: Type.Literal('sealift.dev/v1'),
  kind: Type.Literal('Upgrade'),
  started: time('when it began'),
  host: Type.String({ description: 'the machine that began it' }),
  from: Type.Object({
    ...named,
    revision: Type.Integer({ description: "Helm's, to go back to" }),
    migrations: Type.Array(text, { description: 'names of those that the database had' }),
    postgres: Type.Integer({ description: 'major version' }),
    answers: Type.String({ description: 'of the site as they were, YAML' }),
    files: Type.Optional(
      Type.String({ description: 'that they name and that are no secret, as they were kept, JSON' }),
    ),
    allowlist: Type.Optional(Type.String({ description: 'as it was kept: JSON, gzip, base64' })),
    receipt: Type.String({ description: 'as it was, JSON' }),
  }),
  to: Type.Object(named),
  direction: Type.Union([Type.Literal('forward'), Type.Literal('back')], {
    description: '`back` once it has failed, or is taken back by hand: from then on there is only the way back',
  }),
  ended: Type.Optional(time('when it came to its end, in its direction')),
  takenBack: Type.Optional(time('when somebody began to take it back by hand, after it had ended well')),
  changes: Type.Boolean({ description: 'whether anything of the platform may be changed already' }),
  writesStopped: Type.Boolean({ description: 'whether the database refuses writes until this has ended' }),
  told: Type.Optional(Type.Boolean({ description: 'people may have been told that it begins' })),
  passed: Type.Boolean({ description: 'the next release has passed its test: there is nothing to take back any more' }),
  noWayBack: Type.Optional(
    Type.String({ description: 'why the next release says that there is no way back from it, once it may have run' }),
  ),
  leaving: Type.Optional(
    Type.Array(Type.Object({ apiVersion: text, kind: text, namespace: Type.Optional(text), name: text }), {
      description: 'objects that the release of before has not: they go once Helm is back',
    }),
  ),
  chartIsBack: Type.Optional(Type.Boolean({ description: 'Helm has been brought back already' })),
  move: Type.Optional(
    Type.Object(
      { claim: text, filled: Type.Boolean({ description: 'it holds all, on the disk' }) },
      { description: 'the database goes into a volume of another major version of PostgreSQL' },
    ),
  ),
  backup: Type.Optional(Type.Object({ id: text, host: text, path: text })),
  failed: Type.Optional(
    Type.Object({ stage: text, code: text, message: text, why: Type.Optional(text), fix: Type.Optional(text) }),
  ),
})
export type UpgradeRecord = Type.Static<typeof UpgradeRecord>

export const recordName = 'sealift-upgrade'
const key = 'upgrade.json'

/** The last upgrade; undefined where there was none. @throws SealiftError UPGRADE_RECORD, CLUSTER_* */
export async function readRecord(cluster: Cluster, namespace: string): Promise<UpgradeRecord | undefined> {
  const map = await cluster.find('read what is known of an upgrade', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: recordName }),
  )
  const written = map?.data?.[key]
  if (written === undefined) return undefined
  const unreadable = (why: string | undefined, cause?: unknown) =>
    new SealiftError('UPGRADE_RECORD', `what ConfigMap ${recordName} says of an upgrade cannot be read`, {
      why,
      fix: `see it: kubectl${cluster.flags} --namespace ${namespace} get configmap ${recordName} --output yaml; where no upgrade is under way, delete it`,
      cause,
    })
  let record: unknown
  try {
    record = JSON.parse(written)
  } catch (cause) {
    throw unreadable((cause as Error).message, cause)
  }
  if (Value.Check(UpgradeRecord, record)) return record
  const [first] = Value.Errors(UpgradeRecord, record)
  throw unreadable(`${first?.instancePath || 'it'}: ${first?.message}`)
}

/** Writes it; it is in the cluster when this returns. */
export const writeRecord = (cluster: Cluster, namespace: string, record: UpgradeRecord): Promise<void> =>
  applyConfigMap(cluster, namespace, recordName, { [key]: JSON.stringify(record, null, 2) })

/** Forgets an upgrade that has changed nothing. */
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
