import { SealiftError } from './error.ts'
import { namesHost, repositoryPath } from './repository-name.ts'

/**
 * The name that content of a release has at a site: the vendor's host is replaced by the site's registry (`host[:port]`
 * with an optional path), the rest is kept. `registry.vendor.example/cde/manager:1` becomes `10.0.0.1:5000/cde/manager:1`.
 */
export function atSite(reference: string, registry: string): string {
  return `${registry}/${reference.slice(reference.indexOf('/') + 1)}`
}

const registryPattern = new RegExp(
  `^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\\[[0-9a-f:]+\\])(:[0-9]{1,5})?(/${repositoryPath})?$`,
)

/**
 * Checks the address of a site's registry.
 * @throws SealiftError USAGE_REGISTRY
 */
export function checkRegistry(registry: string): string {
  const why =
    registry.length > 255 || !registryPattern.test(registry)
      ? 'it is host[:port] with an optional path, in lower case, without https://'
      : namesHost(registry.split('/', 1)[0] as string)
        ? undefined
        : 'clients take a first part without dot and port for a path at docker.io'
  if (why !== undefined)
    throw new SealiftError(
      'USAGE_REGISTRY',
      `${JSON.stringify(registry.slice(0, 100))} is not the address of a registry`,
      { why, fix: 'for example registry.site.example:5000/mirror' },
    )
  return registry
}
