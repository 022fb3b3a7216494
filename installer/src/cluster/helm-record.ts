import type { V1Secret } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import type { HelmRelease } from './helm.ts'
import { revisionOf, revisionsOf } from './helm-history.ts'

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
  const all = await revisionsOf(cluster, release)
  return await drop(
    cluster,
    all.filter(({ metadata }) => isUnfinished(metadata?.labels?.status ?? '')),
  )
}

/**
 * Deletes the records of all revisions after one, so that Helm goes back from that one to itself: it refuses to change what is
 * there and its newest revision has not ("original object … not found", helm.sh/helm, pkg/kube/client.go), and after a kill
 * there may be objects of either. What only the others have Helm does not know from then on. Only to be called when no helm
 * is at work. Returns the names of the records.
 * @throws SealiftError CLUSTER_*
 */
export async function dropRevisionsAfter(cluster: Cluster, release: HelmRelease, revision: number): Promise<string[]> {
  const all = await revisionsOf(cluster, release)
  return await drop(
    cluster,
    all.filter((one) => revisionOf(one) > revision),
  )
}

async function drop(cluster: Cluster, secrets: readonly V1Secret[]): Promise<string[]> {
  const names: string[] = []
  for (const { metadata } of secrets) {
    const { namespace = '', name = '' } = metadata ?? {}
    await cluster.find(`delete the revision ${name}`, () => cluster.core.deleteNamespacedSecret({ namespace, name }))
    names.push(name)
  }
  return names
}
