import type { SealedAllowlist } from '@sealift/bundle-spec/allowlist.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import type { ReleaseFacts } from './generate.ts'

/** What an allowlist is made of, out of a sealed release. `defaults`: the values that its chart has by itself. */
export const releaseFacts = (release: Release, defaults: unknown): ReleaseFacts => ({
  name: release.name,
  version: release.version,
  pulled: [
    ...release.images.map(({ name, reference }) => ({ kind: 'image' as const, name, reference })),
    { kind: 'chart', name: release.chart.name, reference: release.chart.reference },
  ],
  sealed: release.allowlist ?? unlisted(release.created),
  defaults,
})

/** Of a release that says nothing of its allowlist: the first list of the day on which it was made (RFC 3339). */
export const unlisted = (created: string): SealedAllowlist => ({
  version: `${created.slice(0, 10).replaceAll('-', '')}00`,
  declared: [],
  endpoints: [],
  changes: [],
})
