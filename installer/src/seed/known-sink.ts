import type { RegistryStore } from '../stores/registry/store.ts'
import type { UploadJournal } from '../stores/registry/upload-journal.ts'
import { lost, type ReadBackStore } from './read-back.ts'

/**
 * A registry of which it is known what it holds (`holders`: repositories by digest): what is there is not asked for again,
 * mounts may come from any repository that has the content, and open uploads are noted in `journal`. What is written is
 * read back at once, so that nothing gets a name before the registry gives it; what it only says to have it is sent.
 */
export function knownSink(
  to: RegistryStore,
  readBack: ReadBackStore,
  holders: ReadonlyMap<string, ReadonlySet<string>>,
  journal?: UploadJournal,
): RegistryStore {
  return {
    ...to,
    held: ({ digest, size }) => (holders.get(digest)?.size ? size : 0),
    async write(repository, descriptor, source, options = {}) {
      const held = holders.get(descriptor.digest)
      if (held?.has(repository)) return 'present'
      const mounts = [...(held ?? []), ...(options.mountFrom ?? [])]
      for (const mountFrom of [mounts, []]) {
        const outcome = await to.write(repository, descriptor, source, { ...options, mountFrom, journal })
        if (await readBack.has(repository, descriptor, options.signal)) return outcome
        if (outcome === 'sent') break
      }
      throw lost(repository, descriptor)
    },
  }
}
