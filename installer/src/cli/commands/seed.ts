import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bytes } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readText, readTexts } from '../files.ts'
import { json, license, registry, trust } from '../options.ts'
import { progressOn } from '../progress.ts'
import { describePlan, describeSeed } from '../seed-report.ts'
import { interruption } from '../signals.ts'

export const seed = defineCommand({
  command: 'seed <bundle>',
  describe: 'put everything a bundle holds into a registry',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', demandOption: true, describe: 'bundle file' })
      .options({
        to: { type: 'string', demandOption: true, requiresArg: true, describe: 'HOST[:PORT][/PATH] of the registry' },
        'dry-run': { type: 'boolean', default: false, describe: 'say what would be sent, and send nothing' },
        'images-only': { type: 'boolean', default: false, describe: 'only what nodes pull: images' },
        prove: {
          type: 'boolean',
          default: false,
          describe: 'read all of it back and hash it, also what was there before',
        },
        'replace-tags': { type: 'boolean', default: false, describe: 'names that stand for other content may change' },
        'state-dir': {
          type: 'string',
          requiresArg: true,
          describe: 'where open uploads are noted, for the next run (default ~/.local/state/sealift/seed)',
        },
        trust,
        license,
        ...registry,
        json,
      })
      .example(
        '$0 seed cde-0.1.0.bundle --to registry.site.example --trust vendor.pub --license bank.license',
        'what is there already is not sent again',
      ),
  handler: async (args) => {
    const { checkRegistry } = await import('@sealift/bundle-spec/site.ts')
    const { openLicensed } = await import('../../license/open.ts')
    const { planSeed, prepareSeed, seedRegistry } = await import('../../seed/seed.ts')
    const { defaultSeedState, openSeedJournal } = await import('../../seed/journal.ts')
    const { verifyStructure } = await import('../../stores/bundle/verify.ts')
    const { hostOf, registryFrom } = await import('../registry.ts')
    const to = checkRegistry(args.to)
    if (args.dryRun && args.prove)
      throw new SealiftError('USAGE_ARGUMENTS', '--dry-run sends nothing that --prove could read back', {
        fix: 'leave one of the two out; --prove alone sends nothing where all is there',
      })
    const progress = progressOn(process.stderr, args.json)
    const signal = interruption()
    const start = performance.now()
    const { bundle, release } = await openLicensed(
      args.bundle,
      await readTexts(args.trust, 'key'),
      await readText(args.license, 'license'),
      'seed',
    )
    const store = await registryFrom(args, [hostOf(to)])
    const what = { registry: to, name: release.name, version: release.version }
    try {
      await verifyStructure(bundle)
      const roles = args.imagesOnly ? (['image'] as const) : undefined
      const place = { bundle, to: store, registry: to, ...(roles ? { roles } : {}), signal }
      progress.step(`Looking at ${to}`)
      if (args.dryRun) {
        const plan = await planSeed(place)
        progress.end()
        console.log(args.json ? JSON.stringify({ ...what, dryRun: true, plan }) : describePlan(to, plan))
        return
      }
      const options = { ...place, replaceTags: args.replaceTags }
      const journal = await openSeedJournal(args.stateDir ?? defaultSeedState(process.env), to, bundle.indexDigest)
      try {
        const prepared = await prepareSeed(options)
        const { send } = prepared.plan
        progress.step(send.parts > 0 ? `Seeding ${to}: ${bytes(send.bytes)} to send` : `Checking ${to}`)
        const seeded = await seedRegistry({
          ...options,
          prepared,
          journal,
          onProgress: ({ done, total }) => progress.update(done, total),
        })
        if (args.prove) progress.step(`Reading ${to} back`)
        const readBack = args.prove
          ? await prepared.reader.prove(prepared.graph, progress.update, signal)
          : seeded.readBack
        progress.end()
        const result = { ...seeded, readBack }
        const ms = Math.round(performance.now() - start)
        const { resumedBytes: resumed } = journal
        console.log(
          args.json
            ? JSON.stringify({ ...what, ...result, resumed, ms })
            : describeSeed(to, `${release.name} ${release.version}`, result, { resumed, ms }),
        )
      } finally {
        journal.close()
      }
    } finally {
      progress.end()
      await store.close()
      await bundle.close()
    }
  },
})
