import { gunzipSync } from 'node:zlib'
import type { V1Secret } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
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
export async function readHelmHistory(cluster: Cluster, release: HelmRelease): Promise<HelmRevision | undefined> {
  const revisions = await revisionsOf(cluster, release)
  const latest = revisions.sort((a, b) => revisionOf(b) - revisionOf(a))[0]
  return latest && read(latest)
}

/** Reads one revision. @throws SealiftError CLUSTER_HELM_REVISION where Helm no longer has it, CLUSTER_* */
export async function readHelmRevision(
  cluster: Cluster,
  release: HelmRelease,
  revision: number,
): Promise<HelmRevision> {
  const found = (await revisionsOf(cluster, release)).find((one) => revisionOf(one) === revision)
  if (found) return read(found)
  throw new SealiftError(
    'CLUSTER_HELM_REVISION',
    `Helm has no revision ${revision} of release ${release.name} any more`,
    {
      why: 'it keeps the last ten, and somebody may have deleted it',
      fix: `see which there are: helm history ${release.name} --namespace ${release.namespace}; the way back is the older bundle and a backup: sealift backup list`,
    },
  )
}

/** Reads the revisions after one, oldest first. @throws SealiftError CLUSTER_* */
export async function readHelmRevisionsAfter(
  cluster: Cluster,
  release: HelmRelease,
  revision: number,
): Promise<HelmRevision[]> {
  const newer = (await revisionsOf(cluster, release)).filter((one) => revisionOf(one) > revision)
  return newer.sort((a, b) => revisionOf(a) - revisionOf(b)).map(read)
}

/** The number of the revision that a Secret keeps. */
export const revisionOf = ({ metadata }: V1Secret): number => Number(metadata?.labels?.version ?? 0)

/** What Helm keeps of a revision: its chart's own values too, which `helm status` does not tell. */
export interface HelmRevision extends HelmStatus {
  defaults?: { values: unknown; schema: unknown }
}

/** The Secrets of all revisions of a release. @throws SealiftError CLUSTER_* */
export async function revisionsOf(cluster: Cluster, { name, namespace }: HelmRelease): Promise<V1Secret[]> {
  const { items } = await cluster.request(`read the history of release ${name}`, () =>
    cluster.core.listNamespacedSecret({ namespace, labelSelector: `owner=helm,name=${name}` }),
  )
  return items
}

function read(secret: V1Secret): HelmRevision {
  const known = { revision: revisionOf(secret), status: secret.metadata?.labels?.status ?? 'unknown' }
  try {
    const twice = Buffer.from(Buffer.from(secret.data?.release ?? '', 'base64').toString(), 'base64')
    const { info, config, manifest, chart } = JSON.parse(gunzipSync(twice, { maxOutputLength: largest }).toString())
    return {
      ...known,
      status: String(info.status),
      description: String(info.description ?? ''),
      values: config ?? {},
      manifest: String(manifest ?? ''),
      defaults: { values: chart?.values, schema: schemaIn(chart?.schema) },
    }
  } catch {
    return { ...known, description: '', values: {}, manifest: '' }
  }
}

/** A chart's schema, which Go writes as bytes: Base64. */
const schemaIn = (text: unknown): unknown =>
  typeof text === 'string' && text !== '' ? JSON.parse(Buffer.from(text, 'base64').toString()) : undefined
