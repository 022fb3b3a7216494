import type { Cluster } from '../cluster/connection.ts'
import type { Found } from '../cluster/inventory.ts'
import type { Kind } from '../cluster/kinds.ts'
import type { Plan } from './plan.ts'
import { type Survey, survey } from './survey.ts'
import { boundVolumes } from './volumes.ts'

/** What the stages of an uninstallation share. */
export interface UninstallContext {
  cluster: Cluster
  plan: Plan
  /** most seconds that a pod has to end: open sessions are cut then */
  graceOf(pod: Found): number
  /** milliseconds without any change until what is left counts as stuck */
  patience: number
  /** milliseconds between looks */
  interval: number
  /** Looks again: at every kind, or at some. */
  survey(kinds?: readonly Kind[]): Promise<Survey>
  /** set by the last stage */
  left: Pick<Survey, 'namespace' | 'keeps' | 'others'> & { volumes: string[] }
}

/** What runs pods, and pods: stopped before anything that they rely on is removed. */
export const isWorkload = ({ group, resource }: Kind): boolean =>
  group === 'apps' || group === 'batch' || (group === '' && ['pods', 'replicationcontrollers'].includes(resource))

/** Volumes of the platform's claims that are gone: with a reclaim policy of Retain they stay, with all their data. */
export async function releasedVolumes(
  cluster: Cluster,
  namespace: string,
): Promise<{ name: string; stays: boolean }[]> {
  return ((await boundVolumes(cluster, namespace)) ?? []).flatMap(({ metadata, spec, status }) =>
    ['Released', 'Failed'].includes(status?.phase ?? '') && isClaim(spec?.claimRef?.name ?? '')
      ? [{ name: metadata?.name ?? '', stays: spec?.persistentVolumeReclaimPolicy !== 'Delete' }]
      : [],
  )
}

/** The database's claims, one for each major version of PostgreSQL that it ever had, and those of workspaces. */
const isClaim = (name: string): boolean => /^(data-cde-postgres-\d+-0|ws-[a-z0-9]+-home)$/.test(name)

export const createContext = (
  cluster: Cluster,
  plan: Plan,
  times: Pick<UninstallContext, 'graceOf' | 'patience' | 'interval'>,
): UninstallContext => ({
  cluster,
  plan,
  ...times,
  survey: (kinds = plan.kinds) => survey(cluster, kinds, plan),
  left: { namespace: plan.namespace, keeps: [], others: [], volumes: [] },
})
