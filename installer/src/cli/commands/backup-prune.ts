import { directory, directoryOf } from '../backup-options.ts'
import { reportOn } from '../backup-report.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

export const backupPrune = defineCommand({
  command: 'prune',
  describe: 'remove old backups, never the newest that was proven',
  builder: (yargs) =>
    yargs
      .options({
        ...site,
        ...directory,
        keep: { type: 'number', requiresArg: true, describe: 'how many of the newest stay' },
        'keep-days': { type: 'number', requiresArg: true, describe: 'days that each stays' },
        'dry-run': { type: 'boolean', default: false, describe: 'say it only' },
        json,
      })
      .example(
        '$0 backup prune --keep 14 --keep-days 30',
        'what is neither among the newest 14 nor younger than 30 days goes',
      )
      .epilogue('Only backups of this installation go. What is damaged is named and left alone.'),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { pruneBackups } = await import('../../backup/prune.ts')
    const where = siteOf(args)
    const installation = { cluster: connectCluster(where, interruption()), namespace: where.namespace }
    const { keep, keepDays, dryRun } = args
    const report = reportOn(args.json)
    const done = await pruneBackups(installation, { directory: directoryOf(args), keep, keepDays, dryRun, report })
    if (args.json) return void console.log(jsonLine({ ...done, dryRun }))
    const { removed, kept, broken } = done
    for (const one of broken) console.log(`left alone: ${safe(one.path)}: ${safe(one.why)}`)
    console.log(`${removed.length} ${dryRun ? 'would go' : 'removed'}, ${kept.length} stay`)
  },
})
