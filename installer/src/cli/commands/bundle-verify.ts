import { defineCommand } from '../command.ts'
import { readTexts } from '../files.ts'
import { bytes, duration, jsonLine, safe } from '../format.ts'
import { json, trust } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'

export const bundleVerify = defineCommand({
  command: 'verify <bundle>',
  describe: 'prove the signature and every byte of a bundle',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', demandOption: true, describe: 'bundle file, or the name of its parts' })
      .options({ trust, json })
      .example(
        '$0 bundle verify cde-0.1.0.bundle --trust vendor.pub',
        'exit code 0 when every byte is as the vendor sealed it',
      ),
  handler: async ({ bundle: path, trust, json }) => {
    const { openBundle } = await import('../../stores/bundle/open.ts')
    const { readRelease } = await import('../../stores/bundle/release.ts')
    const { verifyBundle } = await import('../../stores/bundle/verify.ts')
    const start = performance.now()
    const progress = progressOn(process.stderr, json)
    const bundle = await openBundle(path, await readTexts(trust, 'key'))
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
  },
})
