import { createHash } from 'node:crypto'
import type { Cluster } from '../cluster/connection.ts'
import { allowed } from './allowed.ts'
import type { BackupDocument } from './document.ts'

/** Which installation a backup is of, or is for. */
export interface BackupSite {
  cluster: Cluster
  namespace: string
}

/** Secret with the SSH host key, which outlives everything but the site. */
const identitySecret = { name: 'cde-ssh', key: 'host.pem' }

/** How an installation is told from others. @throws SealiftError CLUSTER_* */
export async function identityOf({ cluster, namespace }: BackupSite): Promise<BackupDocument['site']> {
  const { name, key } = identitySecret
  const [secret, system] = await Promise.all([
    cluster.find(`read secret ${namespace}/${name}`, () => cluster.core.readNamespacedSecret({ namespace, name })),
    allowed(cluster.find('read namespace kube-system', () => cluster.core.readNamespace({ name: 'kube-system' }))),
  ])
  const value = secret?.data?.[key]
  const identity = value && createHash('sha256').update(Buffer.from(value, 'base64')).digest('hex')
  const uid = system?.metadata?.uid
  return { server: cluster.server, namespace, ...(identity ? { identity } : {}), ...(uid ? { cluster: uid } : {}) }
}

/**
 * Whether two installations are the same one: its SSH host key went with it to another cluster, or it is where it was and has
 * another key since.
 */
export const isSameSite = (a: BackupDocument['site'], b: BackupDocument['site']): boolean =>
  (a.identity !== undefined && a.identity === b.identity) ||
  (a.namespace === b.namespace &&
    (a.cluster === undefined || b.cluster === undefined ? a.server === b.server : a.cluster === b.cluster))
