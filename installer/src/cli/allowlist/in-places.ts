import { rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import type { From } from '@sealift/bundle-spec/allowlist.ts'
import type { Places } from '../../allowlist/check/check.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import type { ProxySettings } from '../../stores/registry/proxy.ts'
import { interruption } from '../signals.ts'

/**
 * Does something with places of the cluster that answers name. What the release gives for that goes into a directory of its
 * own, which is gone afterwards.
 * @throws SealiftError BUNDLE_*, REGISTRY_*, CLUSTER_*, USAGE_*
 */
export async function inPlaces<T>(
  from: readonly From[],
  answers: CompleteAnswers | undefined,
  { limit, ca, proxy }: { limit: number; ca: string | undefined; proxy: ProxySettings },
  work: (places: Places) => Promise<T>,
): Promise<T> {
  if (answers === undefined || from.every((place) => place === 'bastion')) return await work({})
  const { fromNodes, fromPods } = await import('../../allowlist/check/from-pods.ts')
  const { createContext } = await import('../../install/context.ts')
  const { openInstallation } = await import('../../install/open.ts')
  const { loginIn } = await import('../../install/proxy-access.ts')
  const { lockState } = await import('../../stores/state-lock.ts')
  const deps = await openInstallation(answers, undefined, interruption())
  const unlock = await lockState(deps.stateDir, 'an installation')
  const scratch = path.join(deps.stateDir, 'allowlist')
  try {
    await rm(scratch, { recursive: true, force: true })
    const context = createContext(answers, { ...deps, stateDir: scratch }, interruption(), [])
    const login = proxy.authorization === undefined ? undefined : loginIn(proxy.authorization)
    const means = { limit, ca, login, settle: 5000 }
    return await work({
      ...(from.includes('nodes') ? { nodes: fromNodes(context, means) } : {}),
      ...(from.includes('pods') ? { pods: fromPods(context, 'pods', means) } : {}),
      ...(from.includes('workspaces') ? { workspaces: fromPods(context, 'workspaces', means) } : {}),
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
    unlock()
    await rmdir(deps.stateDir).catch(() => {})
    await deps.close()
  }
}
