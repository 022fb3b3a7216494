import { type KubernetesObject, PatchStrategy, type V1Secret } from '@kubernetes/client-node'
import { fieldManager } from './apply.ts'
import type { Cluster } from './connection.ts'
import type { HelmRelease } from './helm.ts'
import { packRevision, unpackRevision } from './helm-history.ts'

/** What a release is in while a helm is at work on it, and stays in where that was killed. */
const unfinished = ['pending-install', 'pending-upgrade', 'pending-rollback', 'uninstalling']

/** Whether a release of this status is being worked on, or was when its helm was killed. */
export const isUnfinished = (status: string): boolean => unfinished.includes(status)

/**
 * Deletes the records of revisions that a killed helm left unfinished: with them there every later helm refuses, with
 * "another operation is in progress" or "has no deployed releases". The objects themselves stay, with Helm's ownership labels, so that the next upgrade
 * takes them over. Only to be called when no helm is at work. Returns the names of the records.
 * @throws SealiftError CLUSTER_*
 */
export async function dropUnfinishedRevisions(cluster: Cluster, release: HelmRelease): Promise<string[]> {
  const secrets = await unfinishedRevisions(cluster, release)
  for (const secret of secrets) await drop(cluster, secret)
  return secrets.map(nameOf)
}

/**
 * Makes an upgrade the newest revision before an earlier one is taken back, since Helm deletes what the newest has and that one
 * has not: what a killed upgrade has begun counts as failed, and earlier tries to take it back are dropped. Only to be called
 * when no helm is at work. Returns the names of the records.
 * @throws SealiftError CLUSTER_*
 */
export async function settleRevisions(cluster: Cluster, release: HelmRelease): Promise<string[]> {
  const secrets = await unfinishedRevisions(cluster, release)
  const tries = (await revisionsIn(cluster, release, ['failed'])).filter(isTryBack)
  for (const secret of secrets) {
    const failed = secret.metadata?.labels?.status === 'pending-upgrade' ? asFailed(secret) : undefined
    if (failed)
      await cluster.request(`end the revision ${nameOf(secret)}`, () =>
        cluster.objects.patch(failed, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
      )
    else tries.push(secret)
  }
  for (const secret of tries) await drop(cluster, secret)
  return [...new Set([...secrets, ...tries].map(nameOf))]
}

/** Helm says of one that failed: Rollback "cde" failed: … (helm.sh/helm, pkg/action/rollback.go). */
function isTryBack(secret: V1Secret): boolean {
  try {
    return String(unpackRevision(secret).info?.description).startsWith('Rollback "')
  } catch {
    return false
  }
}

const nameOf = ({ metadata }: V1Secret): string => metadata?.name ?? ''

const unfinishedRevisions = (cluster: Cluster, release: HelmRelease) => revisionsIn(cluster, release, unfinished)

async function revisionsIn(
  cluster: Cluster,
  { namespace, name }: HelmRelease,
  states: readonly string[],
): Promise<V1Secret[]> {
  const labelSelector = `owner=helm,name=${name},status in (${states.join(',')})`
  const list = () => cluster.core.listNamespacedSecret({ namespace, labelSelector })
  return (await cluster.request(`read the history of release ${name}`, list)).items
}

const drop = (cluster: Cluster, secret: V1Secret): Promise<unknown> =>
  cluster.find(`delete the unfinished revision ${nameOf(secret)}`, () =>
    cluster.core.deleteNamespacedSecret({ namespace: secret.metadata?.namespace ?? '', name: nameOf(secret) }),
  )

/** What a revision is changed by so that it counts as failed; undefined where nobody can read it. */
function asFailed(secret: V1Secret): KubernetesObject | undefined {
  try {
    const record = unpackRevision(secret)
    const release = packRevision({ ...record, info: { ...record.info, status: 'failed' } })
    const { namespace, labels } = secret.metadata ?? {}
    const metadata = { namespace: namespace ?? '', name: nameOf(secret), labels: { ...labels, status: 'failed' } }
    return { apiVersion: 'v1', kind: 'Secret', metadata, data: { release } } as KubernetesObject
  } catch {
    return undefined
  }
}
