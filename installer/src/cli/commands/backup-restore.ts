import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { minute } from '../../amounts.ts'
import { shellWord } from '../../shell-word.ts'
import { key, keyOf } from '../backup-options.ts'
import { reportOn } from '../backup-report.ts'
import { defineCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'
import { stagePrinter } from '../stage-printer.ts'

export const backupRestore = defineCommand({
  command: 'restore <file>',
  describe: 'bring an installation back to a backup, or make it anew in an empty cluster',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'backup' })
      .options({
        ...site,
        ...key,
        state: {
          type: 'string',
          requiresArg: true,
          describe: 'state directory of an installation that is made anew (default: in ~/.local/state/sealift)',
        },
        'show-answers': {
          type: 'boolean',
          default: false,
          describe: 'print the answers that are in the backup, and end',
        },
        yes: { type: 'boolean', default: false, describe: 'do not ask' },
        json,
      })
      .example('$0 backup restore FILE --answers answers.yaml', 'says what has come since and is lost, then asks')
      .example(
        '$0 backup restore FILE --show-answers > answers.yaml',
        'for an empty cluster: name the files in it anew, then restore with --answers',
      )
      .epilogue('Nobody writes meanwhile. Killed at any moment, the same command goes on. docs/backup.md'),
  handler: async (args) => {
    const opens = keyOf(args)
    if (args.showAnswers) return await showAnswers(args.file, opens)
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { isInstalled } = await import('../../backup/empty/restore.ts')
    const where = siteOf(args)
    const signal = interruption()
    const installation = { cluster: connectCluster(where, signal), namespace: where.namespace }
    if (!(await isInstalled(installation))) return await restoreAnew(args, opens, signal)
    const { describeLoss, restoreBackup } = await import('../../backup/restore.ts')
    const report = reportOn(args.json)
    try {
      report.step('Verifying')
      const { backup, ...restored } = await restoreBackup(installation, args.file, {
        ...(opens ? { key: opens } : {}),
        ...{ report, signal },
        async confirm(lost) {
          report.end()
          if (args.yes) return
          const words = lost.length === 0 ? 'nothing has come since' : lost.map(describeLoss).join('; ')
          process.stderr.write(`what has come since the backup is lost: ${safe(words)}\n`)
          const question = `Type ${where.namespace} to go on:`
          await confirm({ question, word: where.namespace, json: args.json }, signal)
        },
      })
      report.end()
      if (args.json) return void console.log(jsonLine({ id: backup.id, ...restored }))
      for (const { name, why } of restored.homes.missing)
        console.error(`warning: home ${safe(name)} is not there: ${safe(why)}`)
      console.log(
        `the platform in ${safe(where.namespace)} is as it was at ${minute(new Date(backup.document.created))}`,
      )
    } finally {
      report.end()
    }
  },
})

type Opens = ReturnType<typeof keyOf>

async function showAnswers(file: string, opens: Opens): Promise<void> {
  const { keptAnswersIn } = await import('../../backup/kept-answers.ts')
  process.stdout.write(await keptAnswersIn(file, opens))
}

/** Makes the installation of the backup where there is none. */
async function restoreAnew(
  args: { file: string; answers?: string | undefined; state?: string | undefined; json: boolean },
  opens: Opens,
  signal: AbortSignal,
): Promise<void> {
  if (args.answers === undefined)
    throw new SealiftError('USAGE_ARGUMENTS', 'the platform is not there, and it is not said how to install it', {
      why: 'an empty cluster takes the backup, a bundle and answers',
      fix: `sealift backup restore ${shellWord(args.file)} --show-answers > answers.yaml, name the files in it anew, then: --answers answers.yaml`,
    })
  const { readAnswers } = await import('../../answers/read.ts')
  const { openInstallation } = await import('../../install/open.ts')
  const { restoreOntoEmpty } = await import('../../backup/empty/restore.ts')
  const answers = readAnswers(args.answers)
  const deps = await openInstallation(answers, args.state, signal)
  const printer = stagePrinter(process.stderr)
  try {
    const emit = args.json ? (event: object) => console.log(jsonLine(event)) : printer.show
    const { url } = await restoreOntoEmpty(answers, deps, args.file, { key: opens, emit, signal })
    printer.end()
    console.log(args.json ? jsonLine({ type: 'result', url }) : `the platform of the backup runs: ${url}`)
  } finally {
    printer.end()
    await deps.close()
  }
}
