import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bytes, duration } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { passphrase, readText, readTexts } from '../files.ts'
import { safe } from '../format.ts'
import { json, license, registry } from '../options.ts'
import { type Progress, progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'
import { parseSize } from '../size.ts'

export const bundleBuild = defineCommand({
  command: 'build <release>',
  describe: 'seal images, chart and files of a release into one signed file',
  builder: (yargs) =>
    yargs
      .positional('release', { type: 'string', demandOption: true, describe: 'release.yaml' })
      .options({
        out: { type: 'string', demandOption: true, requiresArg: true, describe: 'bundle file to write' },
        key: { type: 'string', demandOption: true, requiresArg: true, describe: 'private key that signs the bundle' },
        'part-size': {
          type: 'string',
          requiresArg: true,
          describe: 'cut it into parts of this size, such as 4GB: OUT.001, OUT.002, …; takes one part more of disk',
        },
        license,
        'license-key': {
          type: 'string',
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'public key that may sign licenses of this release (repeatable)',
        },
        mirror: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'HOST=HOST[:PORT][/PATH]: where content of HOST really is (repeatable)',
        },
        registry: {
          type: 'string',
          requiresArg: true,
          describe: 'HOST[:PORT] that the --registry-… flags are for (default: the mirrors)',
        },
        file: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'NAME=PATH: a file whose path release.yaml leaves open (repeatable)',
        },
        platform: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'platforms to deliver instead of those of release.yaml: linux/amd64,linux/arm64',
        },
        referrers: {
          type: 'boolean',
          default: true,
          describe: 'take signatures, SBOMs and attestations of images along (--no-referrers leaves them out)',
        },
        trust: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'public key of a vendor whose bundle is a source of images (repeatable)',
        },
        reuse: {
          type: 'string',
          requiresArg: true,
          describe: 'an older bundle: what it has in common is copied from there instead of fetched',
        },
        ...registry,
        json,
      })
      .example(
        '$0 bundle build release.yaml --key vendor.key --license own.license --license-key licenses.pub --file helm=./helm --out cde-0.1.0.bundle',
        'images from where release.yaml says',
      )
      .epilogue('SEALIFT_KEY_PASSPHRASE decrypts the signing key. An interrupted build goes on when it is run again.'),
  handler: async (args) => {
    const { buildBundle } = await import('../../build/build.ts')
    const { renderWith } = await import('../../build/render.ts')
    const { hostOf, patienceOf, sourceRegistryFrom } = await import('../registry.ts')
    const files = Object.fromEntries(args.file.map((pair) => split(pair, '--file', 'NAME=PATH')))
    if (!files.helm)
      throw new SealiftError('USAGE_FILE', 'the helm executable is needed to render the chart', {
        fix: 'pass it: --file helm=PATH',
      })
    const mirrors = Object.fromEntries(args.mirror.map((pair) => split(pair, '--mirror', 'HOST=HOST:PORT')))
    const partSize = args.partSize === undefined ? undefined : parseSize(args.partSize, '--part-size')
    const signingKey = await readText(args.key, 'key')
    const progress = progressOn(process.stderr, args.json)
    const start = performance.now()
    const store = await sourceRegistryFrom(
      args,
      args.registry === undefined ? Object.values(mirrors).map(hostOf) : [args.registry],
      mirrors,
    )
    try {
      const result = await buildBundle({
        source: args.release,
        out: args.out,
        registry: store,
        signingKey,
        passphrase: passphrase(),
        license: await readText(args.license, 'license'),
        licenseKeys: await readTexts(args.licenseKey, 'key'),
        files,
        platforms: platformsIn(args.platform),
        referrers: args.referrers,
        trust: await readTexts(args.trust, 'key'),
        reuse: args.reuse,
        patience: patienceOf(args),
        render: renderWith(files.helm),
        signal: interruption(),
        onStep: progress.step,
        onProgress: progress.update,
      })
      const parts = partSize === undefined ? undefined : await cutUp(args.out, partSize, signingKey, progress)
      progress.end()
      const ms = Math.round(performance.now() - start)
      const { release, ...rest } = result
      for (const { code, message, why, fix } of args.json ? [] : result.warnings) {
        console.error(`warning ${safe(message)} [${code}]`)
        if (why) console.error(`  why: ${safe(why)}`)
        if (fix) console.error(`  try: ${safe(fix)}`)
      }
      if (args.json) console.log(JSON.stringify({ ...rest, parts, name: release.name, version: release.version, ms }))
      else {
        const attached = result.referrers > 0 ? ` with ${result.referrers} signatures and attestations` : ''
        const images = `${release.images.length} images${attached}, all ${release.coverage.rendered.length} references of the chart covered`
        console.log(
          `${result.path}: ${release.name} ${release.version}, ${bytes(result.size)}${parts ? ` in ${parts.length} parts` : ''}, ${images}, in ${duration(ms)}`,
        )
      }
    } finally {
      progress.end()
      await store.close()
    }
  },
})

/** Cuts the finished file up where it lies. */
async function cutUp(path: string, partSize: number, signingKey: string, progress: Progress) {
  const { splitBundle } = await import('../../stores/bundle/split.ts')
  const { parts } = await splitBundle({
    path,
    partSize,
    signingKey,
    passphrase: passphrase(),
    move: true,
    signal: interruption(),
    onStep: progress.step,
    onProgress: progress.update,
  })
  return parts
}

/** Platforms as the flag gives them, repeated or with commas; undefined where it is not given. */
function platformsIn(values: readonly string[]): string[] | undefined {
  const platforms = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  const bad = platforms.find((platform) => !/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/.test(platform))
  if (bad !== undefined)
    throw new SealiftError('USAGE_ARGUMENTS', `--platform ${bad} is not OS/ARCHITECTURE`, {
      fix: 'for example --platform linux/amd64,linux/arm64',
    })
  return platforms.length === 0 ? undefined : [...new Set(platforms)]
}

function split(pair: string, flag: string, form: string): [string, string] {
  const at = pair.indexOf('=')
  if (at < 1 || at === pair.length - 1)
    throw new SealiftError('USAGE_ARGUMENTS', `${flag} ${pair} is not of the form ${form}`)
  return [pair.slice(0, at), pair.slice(at + 1)]
}
