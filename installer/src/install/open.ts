import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { defaultSeedState } from '../seed/journal.ts'
import { type Bundle, openBundle } from '../stores/bundle/open.ts'
import type { RegistryStore } from '../stores/registry/store.ts'
import { openRelease } from '../stores/release/open.ts'
import { type InstallBundle, installBundle, installRelease } from './bundle.ts'
import type { InstallDeps } from './context.ts'
import type { ProxyAnswers } from './proxy-access.ts'
import { releaseRegistry, siteRegistry } from './registry-access.ts'
import { seedImages } from './seed-images.ts'
import { small } from './small-file.ts'

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
  return path.join(stateBase(), `${namespace}-${site}`)
}

/** The directory with the state of all sites that this user installs. */
export const stateBase = (): string =>
  path.join(process.env.XDG_STATE_HOME ?? path.join(homedir(), '.local', 'state'), 'sealift', 'install')

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
  const registry = siteRegistry(answers)
  try {
    const { bundle, file, close } = await openNamed(answers, registry, signal)
    // by default where `sealift seed` looks too: either goes on with what the other one has begun
    const seedState = stateDir === undefined ? defaultSeedState(process.env) : path.join(stateDir, 'seed')
    const to = { to: registry, registry: answers.registry.address, stateDir: seedState }
    return {
      bundle,
      registry,
      seed: async (options) => {
        if (file === undefined) throw noFile()
        return await seedImages({ bundle: file, ...to, ...options })
      },
      stateDir: stateDir ?? defaultStateDir(answers),
      async close() {
        await registry.close()
        await close()
      },
    }
  } catch (error) {
    await registry.close()
    throw error
  }
}

/** A release that answers name. `file` is its bundle file, where it has one. */
interface Named {
  bundle: InstallBundle
  file?: Bundle
  close(): Promise<void>
}

/**
 * Opens the release that answers name, in its bundle file or in a registry; `site` is what `siteRegistry` gives for them.
 * @throws SealiftError BUNDLE_*, REGISTRY_*, USAGE_ANSWERS
 */
export async function openNamed(
  answers: ProxyAnswers & Pick<CompleteAnswers, 'bundle' | 'releaseCaFile' | 'trust'>,
  site: RegistryStore,
  signal?: AbortSignal,
): Promise<Named> {
  const trust = answers.trust.map((file, i) => small(file, `trust[${i}]`))
  if (answers.release === undefined) {
    if (answers.bundle === undefined) throw noFile()
    const file = await openBundle(answers.bundle, trust)
    return await orClosed(file, async () => ({ bundle: await installBundle(file), file, close: () => file.close() }))
  }
  const name = answers.release
  const from = releaseRegistry(answers, name, site)
  const close = async () => {
    if (from !== site) await from.close()
  }
  return await orClosed({ close }, async () => {
    const release = await openRelease({ name, from, trust, ...(signal ? { signal } : {}) })
    return { bundle: installRelease(release), close }
  })
}

async function orClosed<T>(opened: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await opened.close()
    throw error
  }
}

const noFile = (): SealiftError =>
  new SealiftError('USAGE_ANSWERS', 'the answers name no bundle file', { fix: 'name one under bundle' })
