import { annotations, type Descriptor, type Platform } from './descriptor.ts'

/** `linux/amd64`, or with a variant `linux/arm/v7`. */
export const platformName = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join('/')

/**
 * Whether a list of platforms names this one. `linux/arm` stands for all its variants, `linux/arm/v7` for one;
 * `linux/arm64` and `linux/arm64/v8` are the same.
 */
export const includesPlatform = (platforms: readonly string[], platform: Platform): boolean =>
  namesOf(platforms)(platform)

/** The first of the names that stands for none of these platforms. */
export function lackingPlatform(has: readonly Platform[], names: readonly string[]): string | undefined {
  const there = new Set(has.flatMap(keysOf))
  return names.find((name) => !there.has(keyOf(name)))
}

/** The same for many platforms: the list may be as long as the index that it is held against. */
function namesOf(platforms: readonly string[]): (platform: Platform) => boolean {
  const names = new Set(platforms.map(keyOf))
  return (platform) => keysOf(platform).some((key) => names.has(key))
}

const keyOf = (name: string): string => JSON.stringify(name.split('/', 3))
/** The names that stand for a platform, as `keyOf` gives them. */
const keysOf = ({ os, architecture, variant = architecture === 'arm64' ? 'v8' : undefined }: Platform): string[] => [
  JSON.stringify([os, architecture]),
  JSON.stringify([os, architecture, variant]),
]

/** The platform that a descriptor states. `unknown/unknown` (BuildKit's attestations) states none; nobody has checked it yet. */
export function statedPlatform({ platform }: Descriptor): Platform | undefined {
  const { os, architecture } = platform ?? {}
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  return os === 'unknown' || architecture === 'unknown' ? undefined : platform
}

/** by which BuildKit's attestations name the image beside them in the index */
const attested = 'vnd.docker.reference.digest'

/**
 * The entries of an index that belong to the platforms: those that state one of them, and those that state none, except
 * for attestations of an entry that is left out. SPEC.md, "Platforms".
 */
export function selectPlatforms<T extends Descriptor>(entries: readonly T[], platforms: readonly string[]): T[] {
  const isIn = namesOf(platforms)
  const isOut = (entry: Descriptor) => {
    const platform = statedPlatform(entry)
    return platform !== undefined && !isIn(platform)
  }
  const kept = new Set(entries.filter((entry) => !isOut(entry)).map(({ digest }) => digest))
  const out = new Set(entries.filter(isOut).map(({ digest }) => digest))
  return entries.filter((entry) => {
    const subject = entry.annotations?.[attested]
    return !isOut(entry) && (subject === undefined || kept.has(subject) || !out.has(subject))
  })
}

/** The platforms to which the signed index limits what an original index reaches; undefined where it reaches all. */
export const platformsOf = (descriptor: Descriptor): readonly string[] | undefined =>
  descriptor.annotations?.[annotations.platforms]?.split(',')
