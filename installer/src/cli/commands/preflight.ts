import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { isGuarded, runGuarded } from '../guard.ts'
import { json } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'

export const preflight = defineCommand({
  command: 'preflight',
  describe: 'check everything that an installation needs, and change nothing',
  builder: (yargs) =>
    yargs
      .options({
        answers: { type: 'string', requiresArg: true, describe: 'answers file (docs/install.md)' },
        ignore: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'check that may fail, besides those that the answers ignore (repeatable; docs/checks.md)',
        },
        report: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'file to write the report to: NAME.html to print, NAME.json for machines (repeatable)',
        },
        'host-script': {
          type: 'boolean',
          default: false,
          describe: 'print a shell script that checks a node, to be read and then run there; runs nothing here',
        },
        state: {
          type: 'string',
          requiresArg: true,
          describe: 'state directory of the installation (default: in ~/.local/state/sealift)',
        },
        json,
      })
      .example('$0 preflight --answers answers.yaml --report checks.html', 'days before the window')
      .example('$0 preflight --answers answers.yaml --host-script > node.sh', 'then, on each node: sh node.sh')
      .epilogue('What it makes in the cluster it removes, also after Ctrl-C; after a kill the next run does.'),
  handler: async (args) => {
    if (args.answers === undefined && !args.hostScript)
      throw new SealiftError('USAGE_ARGUMENTS', 'it is not said what is to be installed', {
        fix: 'sealift preflight --answers answers.yaml',
      })
    const { readAnswers } = await import('../../answers/read.ts')
    const given = args.answers === undefined ? undefined : readAnswers(args.answers)
    if (args.hostScript || !given) {
      const { hostScript } = await import('../../checks/host-script.ts')
      process.stdout.write(hostScript(given))
      return
    }
    const { reportForm, writeReport } = await import('../../checks/write-report.ts')
    const { checkTarget } = await import('../../stores/target.ts')
    for (const file of args.report) {
      reportForm(file)
      checkTarget(file)
    }
    if (!isGuarded()) {
      // whoever kills this process leaves pods behind, which the other one still removes
      process.exitCode = await runGuarded()
      return
    }
    const { openInstallation } = await import('../../install/open.ts')
    const { preflight: run } = await import('../../checks/preflight.ts')
    const { checks } = await import('../../checks/list.ts')
    const { reportLines } = await import('../../checks/report-text.ts')
    const answers = { ...given, ignore: [...new Set([...(given.ignore ?? []), ...args.ignore])] }
    const deps = await openInstallation(answers, args.state, interruption())
    const progress = progressOn(process.stderr, args.json)
    try {
      progress.step('Checking')
      let done = 0
      const report = await run(answers, deps, {
        emit: ({ state }) => state !== 'running' && progress.update(++done, checks.length, 'items'),
        signal: interruption(),
      })
      progress.end()
      for (const file of args.report) writeReport(report, file)
      if (args.json) console.log(jsonLine(report))
      else for (const line of reportLines(report)) console.log(safe(line))
      const failed = report.checks.filter(({ state, level }) => state === 'failed' && level === 'error')
      if (failed.length === 0) return
      const error = new SealiftError(
        'CLUSTER_CHECKS',
        `${failed.length} ${failed.length === 1 ? 'check' : 'checks'} failed: ${failed.map(({ id }) => id).join(', ')}`,
        { fix: 'do what the report says of each, then run it again' },
      )
      if (!args.json) throw error
      process.exitCode = error.exitCode
    } finally {
      progress.end()
      await deps.close()
    }
  },
})
