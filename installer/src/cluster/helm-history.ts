import { gunzipSync } from 'node:zlib'
import type { V1Secret } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import type { HelmRelease, HelmStatus } from './helm.ts'

/** bytes that one revision may unpack to */
const largest = 64 * 1024 * 1024

/**
 * Reads the latest revision of a release out of its Secret, as Helm 3 and 4 write it (helm.sh/helm, pkg/storage/driver,
 * secrets.go and util.go: JSON, gzip, Base64, and Base64 again as Secrets are): for those who have no Helm at hand.
 * Undefined where there is none; of one that can't be read, its status and revision alone are known.
 * @throws SealiftError CLUSTER_*
 */
export async function readHelmHistory(
  cluster: Cluster,
  { name, namespace }: HelmRelease,
): Promise<HelmStatus | undefined> {
  const { items } = await cluster.request(`read the history of release ${name}`, () =>
    cluster.core.listNamespacedSecret({ namespace, labelSelector: `owner=helm,name=${name}` }),
  )
  const revisionOf = ({ metadata }: V1Secret) => Number(metadata?.labels?.version ?? 0)
  const latest = items.sort((a, b) => revisionOf(b) - revisionOf(a))[0]
  if (!latest) return undefined
  const known = { revision: revisionOf(latest), status: latest.metadata?.labels?.status ?? 'unknown' }
  try {
    const twice = Buffer.from(Buffer.from(latest.data?.release ?? '', 'base64').toString(), 'base64')
    const { info, config, manifest } = JSON.parse(gunzipSync(twice, { maxOutputLength: largest }).toString())
    return {
      ...known,
      status: String(info.status),
      description: String(info.description ?? ''),
      values: config ?? {},
      manifest: String(manifest ?? ''),
    }
  } catch {
    return { ...known, description: '', values: {}, manifest: '' }
  }
}
