import { bytes, minute } from '../../amounts.ts'
import { image, key, keyOf } from '../backup-options.ts'
import { reportOn } from '../backup-report.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

export const backupVerify = defineCommand({
  command: 'verify <file>',
  describe: 'read a backup to its end, or prove in the cluster that it restores',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'backup' })
      .options({
        ...site,
        ...key,
        prove: { type: 'boolean', default: false, describe: 'restore it into a throw-away database and compare' },
        ...image,
        json,
      })
      .example(
        '$0 backup verify /srv/backups/cde-20261130T010203000Z.backup',
        'without a cluster: each byte is as it was written',
      )
      .example(
        '$0 backup verify FILE --prove --identity backup.key --answers answers.yaml',
        'restored and compared, table by table',
      ),
  handler: async (args) => {
    const { verifyBackup } = await import('../../backup/verify.ts')
    const signal = interruption()
    const opens = keyOf(args)
    const report = reportOn(args.json)
    const options = { ...(opens ? { key: opens } : {}), report, signal }
    try {
      report.step('Verifying')
      const { opened, document, ...file } = await verifyBackup(args.file, options)
      report.end()
      if (!args.json)
        console.log(
          `${safe(args.file)} is whole: ${safe(document.release.name)} ${safe(document.release.version)} of ${minute(new Date(document.created))}, ${bytes(file.size)}, ${opened ? 'it opens' : 'encrypted; with --identity or --passphrase-file it is tried'}`,
        )
      const proof = args.prove ? await prove(args, options) : undefined
      if (args.json)
        console.log(
          jsonLine({
            ...file,
            ...document,
            opened,
            proof: proof && { tables: proof.tables, rows: proof.rows, major: proof.major, ms: proof.ms },
          }),
        )
    } finally {
      report.end()
    }
  },
})

type Args = Parameters<typeof siteOf>[0] & { file: string; image?: string | undefined }

async function prove(args: Args, options: Parameters<typeof import('../../backup/prove.ts').proveBackup>[2]) {
  const { connectCluster } = await import('../../cluster/connection.ts')
  const { proveBackup } = await import('../../backup/prove.ts')
  const where = siteOf(args)
  const installation = { cluster: connectCluster(where, options.signal), namespace: where.namespace }
  return await proveBackup(installation, args.file, {
    ...options,
    ...(args.image === undefined ? {} : { image: args.image }),
  })
}
