import { bytes, duration } from '../../amounts.ts'
import { directory, directoryOf, image, protection, protectionOf } from '../backup-options.ts'
import { reportOn } from '../backup-report.ts'
import { defineCommand } from '../command.ts'
import { jsonLine } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

export const backupCreate = defineCommand({
  command: 'create',
  describe: 'write database, secrets, answers and receipt into one file, and prove that it restores',
  builder: (yargs) =>
    yargs
      .options({
        ...site,
        ...directory,
        ...protection,
        prove: { type: 'boolean', default: true, describe: 'restore it into a throw-away database and compare' },
        ...image,
        json,
      })
      .example('$0 backup create --recipients-file backup.pub', 'encrypted; whoever has the identity restores it')
      .example('$0 backup create --answers answers.yaml --directory /srv/backups --no-prove', 'without the proof')
      .epilogue('People go on working meanwhile. Home directories are volumes, and not in it. docs/backup.md'),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { createBackup } = await import('../../backup/create.ts')
    const { proveBackup } = await import('../../backup/prove.ts')
    const where = siteOf(args)
    const signal = interruption()
    const installation = { cluster: connectCluster(where, signal), namespace: where.namespace }
    const given = protectionOf(args)
    const report = reportOn(args.json)
    try {
      const started = Date.now()
      report.step('Backing up')
      const backup = await createBackup(installation, {
        directory: directoryOf(args),
        protection: given,
        report,
        signal,
      })
      const ms = Date.now() - started
      report.end()
      if (!args.json) console.log(`${backup.path}: ${bytes(backup.size)} in ${duration(ms)}, ${backup.id}`)
      // who has only a recipient's public half can't read what was written
      const key = given && 'passphrase' in given ? given : undefined
      const readable = given === undefined || key !== undefined
      if (args.prove && !readable)
        report.warn(
          'it is not proven, since only the identity of a recipient opens it: sealift backup verify FILE --prove --identity FILE',
        )
      report.step('Proving')
      const proof =
        args.prove && readable
          ? await proveBackup(installation, backup.path, {
              ...(key ? { key } : {}),
              ...(args.image === undefined ? {} : { image: args.image }),
              report,
              signal,
            })
          : undefined
      const { document, ...file } = backup
      if (args.json)
        console.log(
          jsonLine({
            ...file,
            ms,
            ...document,
            proof: proof && { tables: proof.tables, rows: proof.rows, major: proof.major, ms: proof.ms },
          }),
        )
    } finally {
      report.end()
    }
  },
})
