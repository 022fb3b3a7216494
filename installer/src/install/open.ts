import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import type { CompleteAnswers } from '../answers/schema.ts'
import { defaultSeedState } from '../seed/journal.ts'
import { openBundle } from '../stores/bundle/open.ts'
import { installBundle } from './bundle.ts'
import type { InstallDeps } from './context.ts'
import { siteRegistry, small } from './registry-access.ts'
import { seedImages } from './seed-images.ts'

/** Where an installation keeps its journal: one directory for each cluster and namespace. */
export function defaultStateDir({
  kubeconfig,
  context,
  namespace,
}: {
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace: string
}): string {
  const site = createHash('sha256')
    .update(JSON.stringify([kubeconfig, context, namespace]))
    .digest('hex')
    .slice(0, 12)
  const base = process.env.XDG_STATE_HOME ?? path.join(homedir(), '.local', 'state')
  return path.join(base, 'sealift', 'install', `${namespace}-${site}`)
}

/**
 * Opens what the answers name: the bundle (its signature is checked before anything else is read) and the registry.
 * @throws SealiftError BUNDLE_*, USAGE_ANSWERS
 */
export async function openInstallation(
  answers: CompleteAnswers,
  stateDir?: string,
): Promise<InstallDeps & { close(): Promise<void> }> {
  const trust = answers.trust.map((file, i) => small(file, `trust[${i}]`))
  const bundle = await openBundle(answers.bundle, trust)
  try {
    const registry = siteRegistry(answers)
    const { address } = answers.registry
    // by default where `sealift seed` looks too: either goes on with what the other one has begun
    const seedState = stateDir === undefined ? defaultSeedState(process.env) : path.join(stateDir, 'seed')
    return {
      bundle: await installBundle(bundle),
      registry,
      seed: (options) => seedImages({ bundle, to: registry, registry: address, stateDir: seedState, ...options }),
      stateDir: stateDir ?? defaultStateDir(answers),
      async close() {
        await registry.close()
        await bundle.close()
      },
    }
  } catch (error) {
    await bundle.close()
    throw error
  }
}
