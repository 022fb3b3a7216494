import type { ContentSink } from '@sealift/bundle-spec/store.ts'
import type { RegistryStore } from '../stores/registry/store.ts'
import type { UploadJournal } from '../stores/registry/upload-journal.ts'

/**
 * A sink of which it is known what it holds (`holders`: repositories by digest): what is there is not asked for again,
 * mounts may come from any repository that has the content, and open uploads are noted in `journal`.
 */
export function knownSink(
  to: RegistryStore,
  holders: ReadonlyMap<string, ReadonlySet<string>>,
  journal?: UploadJournal,
): ContentSink {
  return {
    ...to,
    held: ({ digest, size }) => (holders.get(digest)?.size ? size : 0),
    async write(repository, descriptor, source, options = {}) {
      const held = holders.get(descriptor.digest)
      if (held?.has(repository)) return 'present'
      const mountFrom = [...(held ?? []), ...(options.mountFrom ?? [])]
      return await to.write(repository, descriptor, source, { ...options, mountFrom, journal })
    },
  }
}
