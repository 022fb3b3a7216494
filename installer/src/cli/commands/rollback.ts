import path from 'node:path'
import { key, keyOf } from '../backup-options.ts'
import { defineCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { parseDuration } from '../duration.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'
import { stagePrinter } from '../stage-printer.ts'

export const rollback = defineCommand({
  command: 'rollback [bundle]',
  describe: 'take the last upgrade back: chart, database and secrets to the same moment',
  builder: (yargs) =>
    yargs
      .positional('bundle', {
        type: 'string',
        describe: 'a bundle, on a machine that has neither installed nor upgraded here',
      })
      .options({
        ...site,
        backup: {
          type: 'string',
          requiresArg: true,
          describe: 'where the backup of before lies now, where it was moved',
        },
        ...key,
        timeout: {
          type: 'string',
          default: '10m',
          requiresArg: true,
          describe: 'how long the platform may take to become ready',
        },
        state: { type: 'string', requiresArg: true, describe: 'state directory (default: in ~/.local/state/sealift)' },
        yes: { type: 'boolean', default: false, describe: 'do not ask' },
        json: { ...json, describe: 'print one JSON document a line: the plan, every event, the result' },
      })
      .example('$0 rollback', 'says what would be lost, then asks')
      .example('$0 rollback --yes --json', 'from a script')
      .epilogue('Killed at any moment, the same command goes on, from any machine. docs/upgrade.md explains it.'),
  handler: async (args) => {
    const { openRollback } = await import('../../upgrade/rollback.ts')
    const { lossText } = await import('../../upgrade/back/loss.ts')
    const { rollbackText } = await import('../upgrade-report.ts')
    const signal = interruption()
    const where = siteOf(args)
    const { namespace } = where
    const stateDir = args.state === undefined ? undefined : path.resolve(args.state)
    const timeout = parseDuration(args.timeout, '--timeout') * 1000
    const request = { where, stateDir, bundle: args.bundle, backup: args.backup, key: keyOf(args), timeout }
    const opened = await openRollback(request, signal)
    try {
      const { plan } = opened
      if (args.json) console.log(jsonLine({ type: 'plan', ...plan }))
      else console.log(rollbackText(plan))
      const question = `Type ${namespace} to go on:`
      if (!args.yes) await confirm({ question, word: namespace, json: args.json }, signal)
      const printer = stagePrinter(process.stderr)
      const emit = args.json ? (event: object) => console.log(JSON.stringify(event)) : printer.show
      const lost = await opened.run((event) => event.type !== 'step' && emit(event)).finally(() => printer.end())
      if (args.json) console.log(jsonLine({ type: 'result', version: plan.to, lost }))
      else console.log(`\n${safe(plan.to)} runs again in ${namespace}: ${lossText(lost)}`)
    } finally {
      await opened.close()
    }
  },
})
