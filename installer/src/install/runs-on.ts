import type { V1NodeSystemInfo } from '@kubernetes/client-node'

/** What a node says of its system. It names no variant of its processor. */
export type NodeSystem = Pick<V1NodeSystemInfo, 'operatingSystem' | 'architecture'>

/**
 * Whether a node may run what is made for one of the platforms, `os/architecture[/variant]` (OCI image-spec,
 * image-index.md, `platform`). Words are compared whole: `arm` is not `arm64`. An image for any variant of the node's
 * architecture may run there; that its processor is new enough, only the pull and the start show.
 */
export function runsOn(platforms: readonly string[], { operatingSystem, architecture }: NodeSystem): boolean {
  return platforms.some((platform) => {
    const [os, processor] = platform.split('/')
    return os === operatingSystem && processor === architecture
  })
}
