import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { defineCommand } from '../command.ts'
import { isGuarded, runGuarded } from '../guard.ts'
import { json } from '../options.ts'

const text = { type: 'string', requiresArg: true } as const

export const install = defineCommand({
  command: 'install [bundle]',
  describe: 'install the platform from a bundle on Kubernetes',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', describe: 'the bundle, as an answer given already' })
      .options({
        listen: {
          ...text,
          describe:
            'HOST:PORT where browsers reach the wizard (default: 127.0.0.1:7443, for this machine and tunnels to it)',
        },
        name: { ...text, array: true, default: [], describe: 'more names by which browsers reach it (repeatable)' },
        terminal: { type: 'boolean', default: false, describe: 'ask on this terminal instead' },
        plain: {
          type: 'boolean',
          default: false,
          describe: 'with --terminal: ask line by line, as on a serial console',
        },
        headless: { type: 'boolean', default: false, describe: 'ask nothing: everything is in the answers file' },
        answers: { ...text, describe: 'answers file (docs/install.md); without --headless it may be incomplete' },
        ignore: {
          ...text,
          array: true,
          default: [],
          describe:
            'with --headless: check that may fail, besides those that the answers ignore (repeatable; docs/checks.md)',
        },
        trust: {
          ...text,
          array: true,
          describe: 'public key file of the vendor, as an answer given already (repeatable)',
        },
        license: { ...text, describe: 'license file, as an answer given already' },
        new: { type: 'boolean', default: false, describe: 'begin anew, whatever was begun and not finished' },
        state: {
          ...text,
          describe:
            'directory for answers, journal, receipt and the key of the CA (default: in ~/.local/state/sealift)',
        },
        json: { ...json, describe: 'print one JSON document a line: every event, then the result' },
      })
      .example('$0 install cde-0.1.0.bundle --trust vendor.pub', 'in a browser')
      .example('$0 install cde-0.1.0.bundle --listen 10.0.0.5:7443', 'in a browser of another machine')
      .example('$0 install --headless --answers answers.yaml', 'run it again after a failure: it goes on')
      .epilogue(
        'Nothing is changed before license, bundle, cluster, registry, coverage and network policies have been checked. One that runs is joined, one that was interrupted goes on.',
      ),
  handler: async (args) => {
    checkTogether(args)
    if (args.headless) {
      const { answers } = args
      if (answers === undefined)
        throw new SealiftError('USAGE_ARGUMENTS', 'it is not said what is to be installed', {
          fix: 'sealift install --headless --answers answers.yaml',
        })
      const { installHeadless } = await import('../install/headless.ts')
      return await installHeadless({ ...args, answers })
    }
    if (args.terminal) {
      const { installInTerminal } = await import('../install/terminal.ts')
      return await installInTerminal(args)
    }
    if (!isGuarded()) {
      // whoever kills this process, or closes its terminal, leaves one behind that ends what it does in order
      process.exitCode = await runGuarded()
      return
    }
    const { installInBrowser } = await import('../install/browser.ts')
    await installInBrowser(args)
  },
})

/** Flags that say nothing to the face that is wanted. */
const pointless = {
  headless: ['terminal', 'listen', 'bundle', 'trust', 'license', 'new'],
  terminal: ['listen', 'json'],
} as const

function checkTogether(
  args: Readonly<Record<string, unknown>> & { headless: boolean; ignore: readonly string[] },
): void {
  if (args.ignore.length > 0 && !args.headless)
    throw new SealiftError('USAGE_ARGUMENTS', '--ignore goes with --headless', {
      fix: 'elsewhere the page of the checks asks whether one that fails may be ignored',
    })
  for (const [face, flags] of Object.entries(pointless))
    for (const flag of flags)
      if (args[face] && args[flag])
        throw new SealiftError(
          'USAGE_ARGUMENTS',
          `--${face} and ${flag === 'bundle' ? 'BUNDLE' : `--${flag}`} do not go together`,
          {
            fix: face === 'headless' ? 'all answers are in the answers file' : 'leave one of them out',
          },
        )
}
