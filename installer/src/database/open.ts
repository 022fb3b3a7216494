import type { V1Pod } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import type { Database } from './database.ts'
import { openExternal } from './external.ts'
import { inPod } from './in-pod.ts'
import { databaseBy } from './psql.ts'

export interface OpenOptions {
  /** the pod of the platform's own database, where it is not the one that Service `cde-postgres` leads to */
  pod?: string
  /** the image with PostgreSQL's programs for a database of the site; that of the installation by default */
  image?: string
}

/** Service, role and database of the platform's own PostgreSQL (the chart and its image fix them). */
export const ownDatabase = { service: 'cde-postgres', user: 'cde', database: 'cde' } as const

/**
 * Opens the database of an installation: its own one in the pod where it runs (as the user of that pod, without a password), or
 * one of the site from a pod of its own, which has the password from its Secret.
 * @throws SealiftError CLUSTER_NOT_INSTALLED, CLUSTER_DATABASE_DOWN, CLUSTER_SQL, CLUSTER_*
 */
export async function openDatabase(cluster: Cluster, namespace: string, options: OpenOptions = {}): Promise<Database> {
  if (options.pod === undefined) {
    const helm = await readHelmHistory(cluster, platformRelease(namespace))
    const postgres = helm?.values.postgres as { useDefault?: boolean } | undefined
    if (helm && postgres?.useDefault === false)
      return await openExternal(cluster, namespace, helm.values, options.image)
  }
  const { pod, container } = await runningPod(cluster, namespace, options.pod)
  const variables = { PGUSER: ownDatabase.user, PGDATABASE: ownDatabase.database }
  return await databaseBy(inPod(cluster, { namespace, pod, container }, variables), { own: true })
}

/** The pod in which the platform's own database takes connections. */
async function runningPod(
  cluster: Cluster,
  namespace: string,
  name: string | undefined,
): Promise<{ pod: string; container: string }> {
  const pods = name === undefined ? await podsOfService(cluster, namespace) : await podsNamed(cluster, namespace, name)
  const ready = pods.find(isReady)
  if (ready) return { pod: ready.metadata?.name ?? '', container: ready.spec?.containers[0]?.name ?? '' }
  const there = pods.map(({ metadata, status }) => `${metadata?.name} is ${status?.phase}, not ready`)
  throw new SealiftError('CLUSTER_DATABASE_DOWN', `the platform's database in ${namespace} does not run`, {
    why: there.join('; ') || `there is no pod ${name ?? `behind Service ${ownDatabase.service}`}`,
    fix: `kubectl${cluster.flags} --namespace ${namespace} get pods,events`,
  })
}

const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  !!status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')

async function podsNamed(cluster: Cluster, namespace: string, name: string): Promise<V1Pod[]> {
  const read = () => cluster.core.readNamespacedPod({ namespace, name })
  const pod = await cluster.find(`read pod ${namespace}/${name}`, read)
  return pod ? [pod] : []
}

async function podsOfService(cluster: Cluster, namespace: string): Promise<V1Pod[]> {
  const name = ownDatabase.service
  const read = () => cluster.core.readNamespacedService({ namespace, name })
  const service = await cluster.find(`read service ${namespace}/${name}`, read)
  if (!service)
    throw new SealiftError('CLUSTER_NOT_INSTALLED', `the platform is not in namespace ${namespace}`, {
      why: `${cluster.server} has no Service ${name} there`,
      fix: `name its namespace: --namespace NAME; see: kubectl${cluster.flags} get namespaces`,
    })
  const labelSelector = Object.entries(service.spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const list = () => cluster.core.listNamespacedPod({ namespace, labelSelector })
  return (await cluster.request(`list the pods of the database`, list)).items
}
