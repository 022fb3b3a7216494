import type { Cluster } from '../cluster/connection.ts'
import type { HelmRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import type { Found } from '../cluster/inventory.ts'
import { type Kind, removableKinds } from '../cluster/kinds.ts'
import { openSessions } from '../cluster/open-sessions.ts'
import { assertMayRemove } from './permissions.ts'
import { type Survey, survey, type Target } from './survey.ts'
import { type Volume, volumesOf } from './volumes.ts'

/** What an uninstallation would do, before it does anything. */
export interface Plan extends Survey, Target {
  /** all that this cluster's API server knows */
  kinds: readonly Kind[]
  /** `deployed`, `pending-install`, …; undefined where Helm has no record of the release */
  helm: string | undefined
  volumes: Volume[]
  workspaces: { all: number; running: number }
  /** undefined: they can't be counted */
  sessions: number | undefined
  /** whether the namespace goes too, or is going already */
  removesNamespace: boolean
}

/**
 * Looks at the whole installation and at what this user may do. Changes nothing.
 * @throws SealiftError CLUSTER_FORBIDDEN where a right is missing; CLUSTER_*
 */
export async function planUninstall(cluster: Cluster, release: HelmRelease, deleteData: boolean): Promise<Plan> {
  const target = { release, deleteData }
  const { kinds, unseen } = await removableKinds(cluster)
  const [seen, history] = await Promise.all([survey(cluster, kinds, target), readHelmHistory(cluster, release)])
  const emptied = seen.namespace === 'present' && seen.namespaceIsOurs && deleteData && seen.others.length === 0
  await assertMayRemove(cluster, seen, { namespace: release.namespace, history, removesNamespace: emptied })
  const all = [...seen.goes, ...seen.keeps]
  const claims = all.filter(({ kind }) => kind.resource === 'persistentvolumeclaims')
  const [volumes, sessions] = await Promise.all([
    volumesOf(
      cluster,
      release.namespace,
      claims.map(({ metadata }) => metadata.name),
    ),
    openSessions(cluster, release.namespace),
  ])
  return {
    ...seen,
    ...target,
    kinds,
    unseen: [...unseen, ...seen.unseen],
    helm: history?.status,
    volumes,
    workspaces: {
      all: new Set(all.map(workspaceOf).filter(Boolean)).size,
      running: seen.followers.filter((one) => one.kind.resource === 'pods' && workspaceOf(one)).length,
    },
    sessions,
    removesNamespace: emptied || seen.namespace === 'deleting',
  }
}

/** The manager's own label (services/manager/workspaces/objects.ts): on a home as well, which outlives all else of it. */
const workspaceOf = ({ metadata }: Found): string | undefined => metadata.labels?.['sealift.dev/workspace']

/** Whether there is anything of an installation that would go. */
export const isEmpty = ({ goes, removesNamespace }: Plan): boolean => goes.length === 0 && !removesNamespace
