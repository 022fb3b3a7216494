import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { defineCommand } from '../command.ts'
import { isGuarded, runGuarded } from '../guard.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { stagePrinter } from '../stage-printer.ts'

export const install = defineCommand({
  command: 'install',
  describe: 'install the platform from a bundle on Kubernetes',
  builder: (yargs) =>
    yargs
      .options({
        headless: { type: 'boolean', default: false, describe: 'ask nothing: everything is in the answers file' },
        answers: { type: 'string', requiresArg: true, describe: 'answers file (docs/install.md)' },
        state: {
          type: 'string',
          requiresArg: true,
          describe: 'directory for journal, receipt and the key of the CA (default: in ~/.local/state/sealift)',
        },
        json: { ...json, describe: 'print one JSON document a line: every event, then the result' },
      })
      .example('$0 install --headless --answers answers.yaml', 'run it again after a failure: it goes on')
      .epilogue(
        'Nothing is changed before license, bundle, cluster, registry, coverage and network policies have been checked.',
      ),
  handler: async (args) => {
    if (!args.headless || args.answers === undefined)
      throw new SealiftError('USAGE_ARGUMENTS', 'this version installs headless only', {
        fix: 'sealift install --headless --answers answers.yaml',
      })
    const { readAnswers } = await import('../../answers/read.ts')
    const { openInstallation } = await import('../../install/open.ts')
    const { install: run } = await import('../../install/install.ts')
    const answers = readAnswers(args.answers)
    if (answers.registry.kind === 'seed' && !isGuarded()) {
      // some registries lose what is on its way when this process is killed
      process.exitCode = await runGuarded()
      return
    }
    const signal = interruption()
    const deps = await openInstallation(answers, args.state, signal)
    const printer = stagePrinter(process.stderr)
    try {
      const result = await run(
        answers,
        deps,
        args.json ? (event) => console.log(JSON.stringify(event)) : printer.show,
        signal,
      )
      printer.end()
      if (args.json) console.log(JSON.stringify({ type: 'result', ...result }))
      else {
        console.log(`${deps.bundle.release.name} ${result.version} is installed: ${result.url}`)
        console.log(
          `first user: admin; password: kubectl get secret cde-admin --namespace ${result.namespace} -o jsonpath={.data.password} | base64 -d`,
        )
      }
    } finally {
      printer.end()
      await deps.close()
    }
  },
})
