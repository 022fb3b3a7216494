import { bytes, duration } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readTexts } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json, type RegistryArguments, registry, trust } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'

/** before the name of a release in a registry, as in other tools: any other word is a file */
const scheme = 'oci://'

export const bundleVerify = defineCommand({
  command: 'verify <bundle>',
  describe: 'prove the signature and every byte of a bundle',
  builder: (yargs) =>
    yargs
      .positional('bundle', {
        type: 'string',
        demandOption: true,
        describe: 'bundle file, the name of its parts, or oci://HOST/REPOSITORY:VERSION for a release in a registry',
      })
      .options({ trust, ...registry, json })
      .example(
        '$0 bundle verify cde-0.1.0.bundle --trust vendor.pub',
        'exit code 0 when every byte is as the vendor sealed it',
      )
      .epilogue('Of a release in a registry every document is proven, and every part is there; layers are not read.'),
  handler: async ({ bundle: path, trust, json, ...reach }) => {
    const keys = await readTexts(trust, 'key')
    if (path.startsWith(scheme)) await verifyInRegistry(path.slice(scheme.length), keys, reach, json)
    else await verifyFile(path, keys, json)
  },
})

async function verifyFile(path: string, trust: readonly string[], json: boolean): Promise<void> {
  const { openBundle } = await import('../../stores/bundle/open.ts')
  const { readRelease } = await import('../../stores/bundle/release.ts')
  const { verifyBundle } = await import('../../stores/bundle/verify.ts')
  const start = performance.now()
  const progress = progressOn(process.stderr, json)
  const bundle = await openBundle(path, trust)
  try {
    progress.step('Verifying')
    await verifyBundle(bundle, { signal: interruption(), onProgress: progress.update })
    progress.end()
    const { release, digest } = await readRelease(bundle)
    const ms = Math.round(performance.now() - start)
    const { size, signedBy, indexDigest: index } = bundle
    const { name, version } = release
    const parts = bundle.file.parts.length
    if (json) console.log(jsonLine({ path, release: name, version, digest, index, size, parts, signedBy, ms }))
    else
      console.log(
        `${safe(path)} is whole: ${name} ${version}, ${bytes(size)}${parts > 1 ? ` in ${parts} parts` : ''}, signed by ${signedBy}, verified in ${duration(ms)}`,
      )
  } finally {
    progress.end()
    await bundle.close()
  }
}

async function verifyInRegistry(
  name: string,
  trust: readonly string[],
  reach: RegistryArguments,
  json: boolean,
): Promise<void> {
  const { parseReleaseName } = await import('@sealift/bundle-spec/release-name.ts')
  const { openRelease } = await import('../../stores/release/open.ts')
  const { verifyRelease } = await import('../../stores/release/verify.ts')
  const { hostOf, sourceRegistryFrom } = await import('../registry.ts')
  const start = performance.now()
  const progress = progressOn(process.stderr, json)
  const signal = interruption()
  const from = await sourceRegistryFrom(reach, [hostOf(parseReleaseName(name).repository)])
  try {
    const found = await openRelease({ name, from, trust, signal })
    progress.step('Verifying')
    const { nodes } = await verifyRelease(found, {
      signal,
      onProgress: (done, total) => progress.update(done, total, 'items'),
    })
    progress.end()
    const ms = Math.round(performance.now() - start)
    const { path, signedBy, indexDigest: index, releaseDigest: digest, registry } = found
    const { name: release, version } = found.release
    if (json) console.log(jsonLine({ path, release, version, digest, index, registry, signedBy, ms }))
    else
      console.log(
        `${safe(path)} is there: ${release} ${version}, all ${nodes.length} parts, signed by ${signedBy}, every document verified in ${duration(ms)}; layers were not read`,
      )
  } finally {
    progress.end()
    await from.close()
  }
}
