import type { Cluster } from './connection.ts'
import type { HelmRelease } from './helm.ts'

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
  const { namespace, name } = release
  const selector = `owner=helm,name=${name},status in (${unfinished.join(',')})`
  const { items } = await cluster.request(`read the history of release ${name}`, () =>
    cluster.core.listNamespacedSecret({ namespace, labelSelector: selector }),
  )
  const names = items.map((secret) => secret.metadata?.name ?? '')
  for (const secret of names)
    await cluster.find(`delete the unfinished revision ${secret}`, () =>
      cluster.core.deleteNamespacedSecret({ namespace, name: secret }),
    )
  return names
}
