import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { includesPlatform } from '@sealift/bundle-spec/platform.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'

/** Architectures by the names that Go and OCI have for those of Node. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64' }

/**
 * The name of the file of a release that is helm for a machine, by default this one: `helm`, or a file beside it that is
 * called `helm-…`, whose platform is the machine's or left open.
 * @throws SealiftError BUNDLE_NOT_FOUND
 */
export function helmFile(
  { files, name, version }: Pick<Release, 'files' | 'name' | 'version'>,
  { platform: os, arch }: { platform: string; arch: string } = process,
): string {
  const own = { os, architecture: architectures[arch] ?? arch }
  const helms = files.filter((file) => /^helm(-|$)/.test(file.name))
  const found = helms.find(({ platform }) => platform === undefined || includesPlatform([platform], own))
  if (found) return found.name
  const there = helms.map(({ name, platform }) => `${name} for ${platform}`).join(', ')
  throw new SealiftError('BUNDLE_NOT_FOUND', `${name} ${version} brings no helm for ${own.os}/${own.architecture}`, {
    why: there === '' ? 'it brings none at all' : `it brings ${there}; this machine is another one`,
    fix: there === '' ? 'ask the vendor for a whole bundle' : 'install from a machine that it has one for',
  })
}
