import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import type { Options } from 'yargs'
import type { ReleaseFacts } from '../../allowlist/generate.ts'
import type { SignedRelease } from '../../stores/signed-release.ts'
import { readTexts } from '../files.ts'
import { type RegistryArguments, registry, trust } from '../options.ts'
import { interruption } from '../signals.ts'

/** Flags that say what a list is of. */
export const source = {
  trust: {
    ...trust,
    demandOption: false,
    describe: 'public key file of the vendor, for a bundle or a release in a registry (repeatable)',
  },
  ...registry,
} as const satisfies Record<string, Options>

export const sourceHelp =
  'release.yaml, bundle file, oci://HOST/REPOSITORY:VERSION of a release in a registry, or a list in its JSON form'

interface SourceArguments extends RegistryArguments {
  trust?: string[] | undefined
}

/** What a list can be made of: a list as it is, or a release. */
export type ListSource =
  | { list: Allowlist }
  | { facts: ReleaseFacts; release: Pick<Release, 'images' | 'licenseKeys' | 'extensions'> }

const scheme = 'oci://'

/** Opens what a word names. `listed`: the vendor's list before. @throws SealiftError USAGE_*, BUILD_*, BUNDLE_*, REGISTRY_* */
export async function listSource(word: string, args: SourceArguments, listed?: Allowlist): Promise<ListSource> {
  if (/\.json$/i.test(word)) {
    const { readAllowlistFile } = await import('../../allowlist/read.ts')
    return { list: await readAllowlistFile(word) }
  }
  if (/\.ya?ml$/i.test(word)) {
    const { readSource } = await import('../../build/source.ts')
    const { defaultValues, sourceFacts } = await import('../../build/allowlist.ts')
    const found = await readSource(word)
    const facts = sourceFacts(found, await defaultValues(found), listed)
    return { facts, release: { images: found.images.map((image) => ({ ...image, digest: '' })), licenseKeys: [] } }
  }
  const keys = await readTexts(args.trust ?? [], 'key')
  if (keys.length === 0)
    throw new SealiftError('USAGE_ARGUMENTS', `it is not said by whom ${word} may be signed`, {
      fix: 'add --trust vendor.pub',
    })
  if (!word.startsWith(scheme)) {
    const { openBundle } = await import('../../stores/bundle/open.ts')
    const bundle = await openBundle(word, keys)
    return await ofSigned(bundle).finally(() => bundle.close())
  }
  const { parseReleaseName } = await import('@sealift/bundle-spec/release-name.ts')
  const { openRelease } = await import('../../stores/release/open.ts')
  const { hostOf, sourceRegistryFrom } = await import('../registry.ts')
  const name = word.slice(scheme.length)
  const from = await sourceRegistryFrom(args, [hostOf(parseReleaseName(name).repository)])
  try {
    return await ofSigned(await openRelease({ name, from, trust: keys, signal: interruption() }))
  } finally {
    await from.close()
  }
}

async function ofSigned(signed: SignedRelease): Promise<ListSource> {
  const { openChart, readRelease } = await import('../../stores/bundle/release.ts')
  const { chartDefaults } = await import('../../allowlist/chart-defaults.ts')
  const { releaseFacts } = await import('../../allowlist/release-facts.ts')
  const { release } = await readRelease(signed)
  return { facts: releaseFacts(release, await chartDefaults(await openChart(signed))), release }
}
