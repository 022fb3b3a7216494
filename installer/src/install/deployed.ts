import { isDeepStrictEqual } from 'node:util'
import { isReady, workloadStates, workloadsOf } from '../cluster/workloads.ts'
import { renderedObjects } from '../coverage/rendered-yaml.ts'
import type { InstallContext } from './context.ts'

/** What the release's history says of an installation: which release, from which bundle. */
export const deploymentNote = ({ bundle }: Pick<InstallContext, 'bundle'>): string =>
  `${bundle.release.name} ${bundle.release.version} ${bundle.releaseDigest}`

/**
 * Whether the cluster has this very release with these very values, and everything of it runs. Somebody's change to a
 * single object is seen where it removes a workload or keeps it from running.
 */
export async function isDeployed(context: InstallContext): Promise<boolean> {
  const status = await context.status()
  if (status?.status !== 'deployed' || status.description !== deploymentNote(context)) return false
  if (!isDeepStrictEqual(status.values, JSON.parse(JSON.stringify(context.values())))) return false
  const workloads = workloadsOf(renderedObjects(status.manifest))
  return (await workloadStates(context.cluster(), context.answers.namespace, workloads)).every(isReady)
}
