import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { defaultSeedState } from '../seed/journal.ts'
import { openBundle } from '../stores/bundle/open.ts'
import { openRelease } from '../stores/release/open.ts'
import { installBundle, installRelease } from './bundle.ts'
import type { InstallDeps } from './context.ts'
import { releaseRegistry, siteRegistry, small } from './registry-access.ts'
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
 * Opens what the answers name: the registry, and the release in its bundle file or in a registry (its signature is checked
 * before anything else is read).
 * @throws SealiftError BUNDLE_*, REGISTRY_*, USAGE_ANSWERS
 */
export async function openInstallation(
  answers: CompleteAnswers,
  stateDir?: string,
  signal?: AbortSignal,
): Promise<InstallDeps & { close(): Promise<void> }> {
  const trust = answers.trust.map((file, i) => small(file, `trust[${i}]`))
  const registry = siteRegistry(answers)
  const toClose: { close(): Promise<void> }[] = [registry]
  const close = async () => {
    for (const one of toClose) await one.close()
  }
  const rest = { registry, stateDir: stateDir ?? defaultStateDir(answers), close }
  try {
    if (answers.release !== undefined) {
      const from = releaseRegistry(answers, answers.release, registry)
      toClose.push(from)
      const release = await openRelease({ name: answers.release, from, trust, ...(signal ? { signal } : {}) })
      return { ...rest, bundle: installRelease(release), seed: async () => Promise.reject(nothingToSeed()) }
    }
    if (answers.bundle === undefined) throw nothingToSeed()
    const bundle = await openBundle(answers.bundle, trust)
    toClose.push(bundle)
    // by default where `sealift seed` looks too: either goes on with what the other one has begun
    const seedState = stateDir === undefined ? defaultSeedState(process.env) : path.join(stateDir, 'seed')
    const to = { to: registry, registry: answers.registry.address, stateDir: seedState }
    return {
      ...rest,
      bundle: await installBundle(bundle),
      seed: (options) => seedImages({ bundle, ...to, ...options }),
    }
  } catch (error) {
    await close()
    throw error
  }
}

const nothingToSeed = (): SealiftError =>
  new SealiftError('USAGE_ANSWERS', 'the answers name no bundle file', { fix: 'name one under bundle' })
