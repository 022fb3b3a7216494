import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildImages } from '../../manifests/images/build.ts'
import { withLock } from '../../manifests/images/lock.ts'
import { writeMigrationsFile } from '../../manifests/migrations/write.ts'
import type { DemoFiles } from './demo-files.ts'
import { sealift } from './demo-sealift.ts'
import type { Step } from './demo-step.ts'
import { helmBinary } from './tools.ts'
import { startVendorRegistry, type VendorRegistry } from './vendor-registry.ts'

const manifests = join(import.meta.dirname, '../../manifests')

/**
 * The vendor's side: images into the vendor's registry, keys and licenses, then one signed bundle at `out`. One process at
 * a time does it in a directory. Returns the peak memory of the build in bytes.
 */
export async function sealDemo(files: DemoFiles, out: string, say: Step): Promise<number> {
  return await withLock(`vendor ${files.directory}`, () => seal(files, out, say))
}

async function seal(files: DemoFiles, out: string, { step, note, show }: Step): Promise<number> {
  await mkdir(files.directory, { recursive: true })
  const registry = await startVendorRegistry(files.registryData)
  try {
    await step('Build the images into the vendor registry', () =>
      buildImages({ registry, version: '0.1.0', log: note }),
    )
    await step('Make keys and licenses', () => makeKeys(files))
    return await step('Seal the bundle', () => build(files, registry, out, show))
  } finally {
    await registry.stop()
  }
}

async function build(files: DemoFiles, registry: VendorRegistry, out: string, show: boolean): Promise<number> {
  await writeFile(files.registryPassword, registry.password, { mode: 0o600 })
  await writeMigrationsFile(files.migrations)
  const flags = [
    `--out=${out}`,
    `--key=${files.signingKey}`,
    `--license=${files.paid}`,
    `--license-key=${files.licenseKey}`,
    `--mirror=registry.sealift.example=${registry.host}`,
    `--registry-ca=${registry.caFile}`,
    `--registry-username=${registry.username}`,
    `--registry-password-file=${files.registryPassword}`,
    `--file=helm=${await helmBinary()}`,
    `--file=migrations=${files.migrations}`,
  ]
  const { peakMemory } = await sealift(['bundle', 'build', join(manifests, 'release.yaml'), ...flags], { show })
  return peakMemory
}

/** Made once and kept, so that a second run seals the same bundle. */
async function makeKeys(files: DemoFiles): Promise<void> {
  const once = async (path: string, ...args: string[]) => {
    if (!existsSync(path)) await sealift(args)
  }
  const stem = (path: string) => path.replace(/\.\w+$/, '')
  await once(files.trust, 'keys', 'generate', `--out=${stem(files.trust)}`)
  await once(files.licenseKey, 'keys', 'generate', '--type=license', `--out=${stem(files.licenseKey)}`)
  const license = (tier: string, out: string) =>
    once(
      out,
      'license',
      'issue',
      `--key=${files.licenseSigningKey}`,
      '--customer=Example Bank',
      `--tier=${tier}`,
      `--out=${out}`,
    )
  await license('enterprise', files.paid)
  await license('free', files.free)
}
