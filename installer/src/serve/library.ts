import type { Logger } from 'pino'
import type { BundleSet } from './bundle-set.ts'
import type { Shown } from './shown.ts'

/** The bundles that are shown now, and the way to others. */
export interface Library {
  shown(): Shown
  current(): BundleSet
  /**
   * Loads the bundles anew and shows them in place of the old ones; downloads under way end from the old files. Where
   * anything is wrong with the new ones, the old ones stay. Calls while one is under way are taken together.
   */
  reload(): Promise<void>
  close(): Promise<void>
}

/**
 * @param load opens and verifies the bundles; gets those shown now
 * @param onReload told how each reload ended
 */
export function createLibrary(
  first: BundleSet,
  load: (previous: BundleSet) => Promise<BundleSet>,
  options: { log?: Pick<Logger, 'info' | 'error'>; onReload?: (loaded: boolean) => void } = {},
): Library {
  const { log, onReload } = options
  let set = first
  let running: Promise<void> | undefined
  let again = false

  async function reloadOnce(): Promise<void> {
    const old = set
    try {
      const next = await load(old)
      set = next
      log?.info({ bundles: next.bundles.map(({ bundle }) => bundle.path) }, 'bundles loaded')
      onReload?.(true)
      for (const bundle of old.bundles)
        if (!next.bundles.includes(bundle))
          bundle.retire().catch((error) => log?.error({ err: error }, 'a bundle cannot be closed'))
    } catch (error) {
      log?.error({ err: error }, 'the bundles cannot be loaded: those before stay')
      onReload?.(false)
    }
  }

  return {
    shown: () => set,
    current: () => set,
    async reload() {
      again = true
      running ??= (async () => {
        while (again) {
          again = false
          await reloadOnce()
        }
        running = undefined
      })()
      await running
    },
    async close() {
      await running
      await Promise.all(set.bundles.map((bundle) => bundle.retire()))
    },
  }
}
