import { bytes, duration } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { passphrase, readText, readTexts } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'
import { parseSize } from '../size.ts'

export const bundleSplit = defineCommand({
  command: 'split <bundle>',
  describe: 'cut a bundle into parts that fit on media',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', demandOption: true, describe: 'bundle file' })
      .options({
        'part-size': {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'size of a part, such as 4GB (fits FAT32) or 650MiB',
        },
        key: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'private key that signs the parts index',
        },
        trust: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'public key that signed the bundle, where it is another one (repeatable)',
        },
        out: {
          type: 'string',
          requiresArg: true,
          describe: 'name of the parts without .001 (default: that of the bundle)',
        },
        move: {
          type: 'boolean',
          default: false,
          describe: 'cut the file itself up: takes one part more of disk, not the bundle twice',
        },
        json,
      })
      .example(
        '$0 bundle split cde-0.1.0.bundle --part-size 4GB --key vendor.key --out /media/usb/cde-0.1.0.bundle',
        'every command takes the name of the parts as it takes a bundle file',
      )
      .epilogue('SEALIFT_KEY_PASSPHRASE decrypts the signing key. Interrupted, the same command goes on.'),
  handler: async (args) => {
    const { splitBundle } = await import('../../stores/bundle/split.ts')
    const progress = progressOn(process.stderr, args.json)
    const start = performance.now()
    try {
      const result = await splitBundle({
        path: args.bundle,
        trust: await readTexts(args.trust, 'key'),
        partSize: parseSize(args.partSize, '--part-size'),
        signingKey: await readText(args.key, 'key'),
        passphrase: passphrase(),
        out: args.out,
        move: args.move,
        signal: interruption(),
        onStep: progress.step,
        onProgress: progress.update,
      })
      progress.end()
      const ms = Math.round(performance.now() - start)
      if (args.json) console.log(jsonLine({ ...result, ms }))
      else
        console.log(
          `${safe(result.path)}: ${bytes(result.size)} in ${result.parts.length} parts, with ${safe(result.path)}.parts.json and its signature, in ${duration(ms)}`,
        )
    } finally {
      progress.end()
    }
  },
})
