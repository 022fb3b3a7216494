import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { directory, directoryOf, protection } from '../backup-options.ts'
import { defineCommand } from '../command.ts'
import { jsonLine } from '../format.ts'
import { json } from '../options.ts'
import { site, siteOf } from '../site-options.ts'

const text = { type: 'string', requiresArg: true } as const

export const backupSchedule = defineCommand({
  command: 'schedule',
  describe: 'write a systemd timer that makes backups and removes old ones',
  builder: (yargs) =>
    yargs
      .options({
        ...site,
        ...directory,
        recipient: protection.recipient,
        'passphrase-file': protection['passphrase-file'],
        calendar: { ...text, default: 'daily', describe: 'when, as systemd.time(7) has it' },
        keep: { type: 'number', requiresArg: true, describe: 'how many of the newest stay' },
        'keep-days': { type: 'number', requiresArg: true, describe: 'days that each stays' },
        out: { ...text, default: '/etc/systemd/system', describe: 'directory for the two units' },
        json,
      })
      .example(
        '$0 backup schedule --kubeconfig /etc/sealift/kubeconfig --recipient age1… --calendar "*-*-* 02:30" --keep 14',
        'sealift-backup-cde.timer and .service',
      )
      .epilogue('It changes nothing but these two files: the commands that start the timer are printed.'),
  handler: async (args) => {
    const { backupUnits } = await import('../../backup/schedule.ts')
    const { writeNamed } = await import('../../stores/write-named.ts')
    const { ownProgram } = await import('../../serve/own-program.ts')
    const where = siteOf(args)
    if (where.kubeconfig === undefined)
      throw new SealiftError('USAGE_SYSTEMD', 'a service has no kubeconfig of its own', {
        fix: '--kubeconfig FILE, or --answers FILE that names one',
      })
    const { recipient: recipients, passphraseFile, calendar, keep, keepDays } = args
    const units = backupUnits({
      ...{ program: ownProgram(), kubeconfig: where.kubeconfig, context: where.context, namespace: where.namespace },
      ...{ directory: directoryOf(args), calendar, recipients, passphraseFile, keep, keepDays },
    })
    const files: string[] = []
    try {
      // the service may write there, and nowhere else
      await mkdir(directoryOf(args), { recursive: true, mode: 0o700 })
      for (const { name, text } of units) {
        const file = path.join(path.resolve(args.out), name)
        writeNamed(file, text, 0o644)
        files.push(file)
      }
    } catch (cause) {
      if (cause instanceof SealiftError) throw cause
      const { code, message } = cause as NodeJS.ErrnoException
      throw new SealiftError('STORAGE_WRITE', `the units cannot be written to ${args.out}`, {
        why: code ?? message,
        fix: 'as root, or into a directory of yours: --out DIR',
        cause,
      })
    }
    const timer = units[1].name
    if (args.json) console.log(jsonLine({ files, timer }))
    else
      console.log(
        `${files.join('\n')}\nstart it: systemctl daemon-reload && systemctl enable --now ${timer}\ntry it now: systemctl start ${units[0].name}`,
      )
  },
})
