import path from 'node:path'
import { nothingToDoExitCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import { directory, directoryOf, key, keyOf, protection, protectionOf } from '../backup-options.ts'
import { defineCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { parseDuration } from '../duration.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteFlags, siteOf } from '../site-options.ts'
import { stagePrinter } from '../stage-printer.ts'

export const upgrade = defineCommand({
  command: 'upgrade <bundle..>',
  describe: 'upgrade the platform: say what would change, back up, change, or come back by itself',
  builder: (yargs) =>
    yargs
      .positional('bundle', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'bundle files, or names of releases in a registry; several make a way over several releases',
      })
      .options({
        ...site,
        answers: { ...site.answers, describe: 'answers that change; all others are those that the site has kept' },
        trust: {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'public keys of the vendor, where they are new',
        },
        license: { type: 'string', requiresArg: true, describe: 'another license file than the one of the site' },
        plan: {
          type: 'boolean',
          default: false,
          describe: `only say what would change; exit code ${nothingToDoExitCode} where nothing would`,
        },
        notice: {
          type: 'string',
          requiresArg: true,
          describe: 'how long people are told before it begins: 5m',
        },
        'take-over': {
          type: 'boolean',
          default: false,
          describe: 'take over fields that somebody changed by hand and that the release sets too',
        },
        ...directory,
        ...protection,
        identity: { ...key.identity, describe: 'file with the age identity that opens the backup, for the proof' },
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
      .example('$0 upgrade cde-1.1.0.bundle --plan', 'what would change, how long it takes, what cannot be undone')
      .example('$0 upgrade cde-1.1.0.bundle cde-1.2.0.bundle', 'over two releases, after a question')
      .example('$0 upgrade cde-1.1.0.bundle --notice 5m --yes', 'at night, from a script')
      .epilogue(
        'Killed at any moment, the same command goes on, from any machine. What fails is taken back: chart, database, secrets. docs/upgrade.md explains it.',
      ),
  handler: async (args) => {
    const { openUpgrade } = await import('../../upgrade/upgrade.ts')
    const { planUpgrade } = await import('../../upgrade/plan/plan-upgrade.ts')
    const { planText, questions } = await import('../upgrade-report.ts')
    const { mendAnswers } = await import('../terminal/mend-answers.ts')
    const { changesOf } = await import('../../upgrade/changes.ts')
    const signal = interruption()
    const changes = changesOf({ file: args.answers, trust: args.trust, license: args.license })
    const terminal = args.yes || args.json ? undefined : await terminalIfAny()
    const where = siteOf({ ...args, answers: undefined }, changes)
    const options = {
      backup: backupOf(args),
      notice: args.notice === undefined ? 0 : parseDuration(args.notice, '--notice') * 1000,
      takeOver: args.takeOver,
    }
    const request = {
      sources: args.bundle,
      changes,
      mend: terminal && mendAnswers(terminal.ask, signal),
      where,
      stateDir: args.state === undefined ? undefined : path.resolve(args.state),
      options,
      timeout: parseDuration(args.timeout, '--timeout') * 1000,
    }
    const opened = await openUpgrade(request, signal).finally(() => terminal?.close())
    const say = (text: string) => {
      if (!args.json) console.log(text)
    }
    try {
      const plan = await planUpgrade(opened, options, signal)
      if (args.json) console.log(jsonLine({ type: 'plan', ...plan }))
      say(planText(plan))
      if (plan.steps.length === 0 && !plan.unfinished) {
        if (args.plan) process.exitCode = nothingToDoExitCode
        return
      }
      if (args.plan) return
      const { namespace } = where
      if (!args.yes)
        for (const question of questions(plan, namespace)) await confirm({ ...question, json: args.json }, signal)
      const printer = stagePrinter(process.stderr)
      try {
        await opened.run((event) => {
          if (args.json) console.log(JSON.stringify(event))
          else if (event.type === 'step') {
            printer.end()
            process.stderr.write(
              `\n${safe(event.from)} → ${safe(event.to)}${event.of > 1 ? ` (${event.number} of ${event.of})` : ''}\n`,
            )
          } else printer.show(event)
        })
      } finally {
        printer.end()
      }
      const last = opened.steps.at(-1)
      if (args.json) console.log(jsonLine({ type: 'result', version: last?.version, namespace }))
      else
        console.log(
          `\n${safe(last?.name ?? '')} ${safe(last?.version ?? '')} runs in ${namespace}\n  what was done: sealift history${siteFlags(args)}`,
        )
    } finally {
      await opened.close()
    }
  },
})

/** Somebody who can be asked. */
async function terminalIfAny() {
  const { stdin: input, stdout: output } = process
  if (!input.isTTY || !output.isTTY) return undefined
  const { openTerminal } = await import('../terminal/open.ts')
  return await openTerminal({ input, output, type: process.env.TERM, plain: false })
}

/** @throws SealiftError USAGE_BACKUP_KEY */
function backupOf(
  args: Parameters<typeof protectionOf>[0] & Parameters<typeof keyOf>[0] & { directory?: string | undefined },
) {
  const given = protectionOf(args)
  const opens = keyOf(args)
  if (given && 'recipients' in given && !(opens && 'identities' in opens))
    throw new SealiftError('USAGE_BACKUP_KEY', 'the backup of an upgrade has to be opened again', {
      why: 'it is proven before anything changes, and may be the way back',
      fix: 'name the identity of a recipient too: --identity FILE; or encrypt it with a passphrase: --passphrase-file FILE',
    })
  return { directory: directoryOf(args), protection: given, key: opens }
}
