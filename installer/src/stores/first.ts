import type { ContentStore } from '@sealift/bundle-spec/store.ts'

/**
 * One store that reads from the first of several that has the content. The last is asked without looking, so put the
 * remote one there: what is local costs no request.
 */
export function firstOf(...stores: [...ContentStore[], ContentStore]): ContentStore {
  const last = stores.at(-1) as ContentStore
  return {
    origin: last.origin,
    resolve: (reference, signal) => last.resolve(reference, signal),
    async has(repository, descriptor, signal) {
      for (const store of stores) if (await store.has(repository, descriptor, signal)) return true
      return false
    },
    async open(repository, descriptor, range, signal) {
      for (const store of stores.slice(0, -1))
        if (await store.has(repository, descriptor, signal)) return store.open(repository, descriptor, range, signal)
      return last.open(repository, descriptor, range, signal)
    },
  }
}
