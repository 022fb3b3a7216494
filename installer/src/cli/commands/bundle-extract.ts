import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { extensionArtifact } from '@sealift/bundle-spec/extension.ts'
import { bytes } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readTexts } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json, trust } from '../options.ts'
import { progressOn } from '../progress.ts'

export const bundleExtract = defineCommand({
  command: 'extract <bundle> <name>',
  describe: 'take a file, or an extension of editors, out of a bundle',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', demandOption: true, describe: 'bundle file, or the name of its parts' })
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'of the file or extension, as bundle inspect shows it',
      })
      .options({
        out: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'file to write; replaced if it is there',
        },
        trust,
        json,
      })
      .example(
        '$0 bundle extract cde-0.1.0.bundle sealift-linux-arm64 --trust vendor.pub --out ./sealift',
        'the executable for another machine, if the bundle carries it',
      )
      .example(
        '$0 bundle extract cde-0.1.0.bundle acme.hello@1.2.3 --trust vendor.pub --out hello.vsix',
        'an extension, to be installed from the file or published in a gallery of the site',
      )
      .epilogue('The file is proven while it is written; it appears only when all of it is as the vendor sealed it.'),
  handler: async ({ bundle: path, name, out, trust, json }) => {
    const { openBundle } = await import('../../stores/bundle/open.ts')
    const { openExtension, openFile, readRelease } = await import('../../stores/bundle/release.ts')
    const { takeOut } = await import('../../stores/bundle/take-out.ts')
    const progress = progressOn(process.stderr, json)
    const bundle = await openBundle(path, await readTexts(trust, 'key'))
    try {
      const { release } = await readRelease(bundle)
      const file = release.files.find((one) => one.name === name)
      const extensions = (release.extensions ?? []).map(extensionArtifact)
      if (!file && !extensions.includes(name))
        throw new SealiftError('BUNDLE_NOT_FOUND', `${path} has no file named ${name}`, {
          why: `it has: ${[...release.files.map((one) => one.name), ...extensions].join(', ') || 'none'}`,
          fix: `sealift bundle inspect ${path}`,
        })
      const content = await (file ? openFile : openExtension)(bundle, name)
      const { digest, size } = content.descriptor
      const read = async () => counted(await content.bytes(), (done) => progress.update(done, size))
      progress.step(`Taking out ${name}`)
      await takeOut({ ...content, bytes: read }, out, file?.executable ? 0o755 : 0o644)
      progress.end()
      const { name: of, version } = release
      if (json) console.log(jsonLine({ path: out, name, release: of, version, digest, size }))
      else console.log(`${safe(out)} is ${name} of ${of} ${version}, ${bytes(size)}, ${digest}`)
    } finally {
      progress.end()
      await bundle.close()
    }
  },
})

async function* counted(chunks: AsyncIterable<Uint8Array>, onProgress: (done: number) => void) {
  let done = 0
  for await (const chunk of chunks) {
    yield chunk
    done += chunk.length
    onProgress(done)
  }
}
