import { applySecret } from '../cluster/apply.ts'
import { inProbeNamespace } from '../cluster/probe-namespace.ts'
import { secretNames } from '../install/chart-values.ts'
import type { InstallContext } from '../install/context.ts'
import { pullSecret } from '../install/pull-secret.ts'

/**
 * Does something in a namespace of its own that has the login for the site's registry; `work` gets the name of the pull
 * secret. Nothing stays of it.
 * @throws SealiftError CLUSTER_*
 */
export async function inPullingNamespace<T>(
  { cluster, answers }: InstallContext,
  namespace: string,
  work: (pullSecret: string | undefined) => Promise<T>,
): Promise<T> {
  return await inProbeNamespace(cluster(), namespace, async () => {
    const pull = pullSecret(answers)
    if (pull) await applySecret(cluster(), namespace, secretNames.registry, pull.type, pull.values)
    return await work(pull && secretNames.registry)
  })
}
