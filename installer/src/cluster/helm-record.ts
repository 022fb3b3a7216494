import type { Cluster } from './connection.ts'
import type { HelmRelease } from './helm.ts'

/**
 * Deletes the records of revisions that a killed helm left pending: with them there every later helm refuses with
 * "another operation is in progress". The objects themselves stay, with Helm's ownership labels, so that the next upgrade
 * takes them over. Only to be called when no helm is at work. Returns the names of the records.
 * @throws SealiftError CLUSTER_*
 */
export async function dropPendingRevisions(cluster: Cluster, release: HelmRelease): Promise<string[]> {
  const { namespace, name } = release
  const selector = `owner=helm,name=${name},status in (pending-install,pending-upgrade,pending-rollback)`
  const { items } = await cluster.request(`read the history of release ${name}`, () =>
    cluster.core.listNamespacedSecret({ namespace, labelSelector: selector }),
  )
  const names = items.map((secret) => secret.metadata?.name ?? '')
  for (const secret of names)
    await cluster.find(`delete the pending revision ${secret}`, () =>
      cluster.core.deleteNamespacedSecret({ namespace, name: secret }),
    )
  return names
}
