import { type Descriptor, isIndex, mediaTypes, type Platform } from './descriptor.ts'
import { childrenOf } from './document.ts'
import { parseJson } from './json.ts'
import { platformName, statedPlatform } from './platform.ts'

const imageConfigs: ReadonlySet<string> = new Set([mediaTypes.config, 'application/vnd.docker.container.image.v1+json'])

/**
 * The platforms that an image is for: those that the entries of an index state, or the one that the configuration of a
 * single image names (image-spec, config.md). Undefined where nothing is stated, as by an artifact that is no image: that
 * suits all. None where an index has no image, but at most attestations.
 * @param bytes of the image's document
 * @param read gives a configuration, proven
 * @throws SealiftError BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export async function platformsOfImage(
  descriptor: Descriptor,
  bytes: Uint8Array,
  read: (config: Descriptor) => Promise<Uint8Array>,
): Promise<Platform[] | undefined> {
  const children = childrenOf(descriptor, bytes)
  if (isIndex(descriptor.mediaType)) {
    const stated = children.flatMap((child) => statedPlatform(child) ?? [])
    return stated.length === 0 && children.some((child) => !isNoImage(child)) ? undefined : stated
  }
  const [config] = children
  if (!config || !imageConfigs.has(config.mediaType)) return undefined
  const text = await read(config)
  const { os, architecture, variant } = (parseJson(text, 'an image configuration') ?? {}) as Partial<Platform>
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  return [{ os, architecture, ...(typeof variant === 'string' ? { variant } : {}) }]
}

/** Attestations, as BuildKit marks them. */
const isNoImage = ({ platform }: Descriptor) => platform?.os === 'unknown' || platform?.architecture === 'unknown'

/** Platforms as a person reads them. */
export const platformNames = (platforms: readonly Platform[] = []): string =>
  platforms.map(platformName).join(', ') || 'no platform'
