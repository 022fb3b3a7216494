import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply, findNamespace, labels } from './apply.ts'
import { type Cluster, connectCluster } from './connection.ts'

/** milliseconds that a request may take which is not given up with all others */
const farewell = 15_000

/**
 * Does something in a namespace of its own, of which nothing stays: not after a failure, nor after an abort. What a run
 * that was killed left under the same name is removed first. `more` are labels beside those of what is ours.
 * @throws SealiftError CLUSTER_OWNED where the namespace is somebody else's, CLUSTER_DELETING, CLUSTER_*
 */
export async function inProbeNamespace<T>(
  cluster: Cluster,
  name: string,
  work: () => Promise<T>,
  more: Readonly<Record<string, string>> = {},
): Promise<T> {
  const left = await findNamespace(cluster, name)
  if (left) {
    if (left.metadata?.labels?.['app.kubernetes.io/managed-by'] !== labels['app.kubernetes.io/managed-by'])
      throw new SealiftError('CLUSTER_OWNED', `namespace ${name} is not the installer's`, {
        why: 'it would be used for a trial, and deleted afterwards',
        fix: `see what is in it: kubectl${cluster.flags} get all --namespace ${name}; then delete it, or install into another namespace`,
      })
    await cluster.request(`delete namespace ${name}`, () => cluster.core.deleteNamespace({ name }))
    await findNamespace(cluster, name)
  }
  // through clients that an abort does not end: given up halfway, nobody would know whether it is there, and it would stay
  const ownClients = () => connectCluster(cluster.address, AbortSignal.timeout(farewell))
  await apply(ownClients(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...labels, ...more } } })
  try {
    return await work()
  } finally {
    const { core } = ownClients()
    await core.deleteNamespace({ name }).catch(() => {})
  }
}
