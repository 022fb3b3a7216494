import { join } from 'node:path'
import { buildImages } from '../../manifests/images/build.ts'
import type { DemoFiles } from './demo-files.ts'
import type { Step } from './demo-step.ts'
import { rememberImages } from './releases/seal-release.ts'
import { atVendor, makeKeys, sealSource } from './vendor.ts'

const source = join(import.meta.dirname, '../../manifests/release.yaml')

/**
 * The vendor's side: images into the vendor's registry, keys and licenses, then one signed bundle at `out`. One process at
 * a time does it in a directory. Returns the peak memory of the build in bytes.
 */
export async function sealDemo(files: DemoFiles, out: string, { step, note, show }: Step): Promise<number> {
  return await atVendor(files, async (registry) => {
    const digests = await step('Build the images into the vendor registry', () =>
      buildImages({ registry, version: '0.1.0', log: note }),
    )
    rememberImages(files, digests)
    await step('Make keys and licenses', () => makeKeys(files))
    return await step('Seal the bundle', () => sealSource(files, registry, { source, out, show }))
  })
}
