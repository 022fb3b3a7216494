import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { withLock } from '../../manifests/images/lock.ts'
import { writeMigrationsFile } from '../../manifests/migrations/write.ts'
import type { DemoFiles } from './demo-files.ts'
import { sealift } from './demo-sealift.ts'
import { helmBinary } from './tools.ts'
import { startVendorRegistry, type VendorRegistry } from './vendor-registry.ts'

/** Lends the vendor's registry of a directory, to one process at a time. */
export async function atVendor<T>(files: DemoFiles, work: (registry: VendorRegistry) => Promise<T>): Promise<T> {
  return await withLock(`vendor ${files.directory}`, async () => {
    await mkdir(files.directory, { recursive: true })
    const registry = await startVendorRegistry(files.registryData)
    try {
      return await work(registry)
    } finally {
      await registry.stop()
    }
  })
}

export interface SealOptions {
  /** release.yaml */
  source: string
  /** the bundle */
  out: string
  /** directory with the manager's migrations; that of this tree by default */
  migrations?: URL
  show?: boolean
}

/** Seals a release out of the vendor's registry. Returns the peak memory of the build in bytes. */
export async function sealSource(
  files: DemoFiles,
  registry: VendorRegistry,
  { source, out, migrations, show = false }: SealOptions,
): Promise<number> {
  await writeFile(files.registryPassword, registry.password, { mode: 0o600 })
  await writeMigrationsFile(files.migrations, migrations)
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
  const { peakMemory } = await sealift(['bundle', 'build', source, ...flags], { show })
  return peakMemory
}

/** Made once and kept, so that a second run seals the same bundle. */
export async function makeKeys(files: DemoFiles): Promise<void> {
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
