/** Where the executable runs, as Node names it, and Node for each: the npm package that holds it, pinned by its hash. */
export const nodeVersion = '26.10.0'

/** Subresource integrity of the package `node-PLATFORM` of that version (`npm view node-PLATFORM@VERSION dist.integrity`). */
export const platforms = {
  'linux-x64': 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  'linux-arm64': 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
} as const

export type Platform = keyof typeof platforms

/** The platform of this machine. @throws Error where there is no executable for it */
export function ownPlatform(): Platform {
  const name = `${process.platform}-${process.arch}`
  if (!Object.hasOwn(platforms, name)) throw new Error(`there is no executable for ${name}`)
  return name as Platform
}
