import type { From } from '@sealift/bundle-spec/allowlist.ts'

/** From where is tried in a cluster. */
export const podPlaces: readonly From[] = ['nodes', 'pods', 'workspaces']
