import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { directory, directoryOf } from '../backup-options.ts'
import { listingText } from '../backup-report.ts'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

export const backupList = defineCommand({
  command: 'list',
  describe: 'show the backups that are here, and those that the installation remembers',
  builder: (yargs) =>
    yargs
      .options({ ...site, ...directory, json })
      .example('$0 backup list --answers answers.yaml', 'oldest first; which are proven, and where they are')
      .epilogue(
        'Without the cluster it shows what is here. Files are not read to their end: sealift backup verify does.',
      ),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { knownBackups } = await import('../../backup/known.ts')
    const { listBackups } = await import('../../backup/list.ts')
    let unreached: SealiftError | undefined
    const known = await (async () => {
      const where = siteOf(args)
      return await knownBackups({ cluster: connectCluster(where, interruption()), namespace: where.namespace })
    })().catch((error: unknown) => {
      if (!(error instanceof SealiftError) || !error.code.startsWith('CLUSTER_')) throw error
      unreached = error
      return []
    })
    const place = directoryOf(args)
    const listing = await listBackups(place, known)
    if (args.json) {
      const error = unreached && { code: unreached.code, message: unreached.message }
      return void console.log(jsonLine({ directory: place, ...listing, ...(error ? { cluster: error } : {}) }))
    }
    console.log(listingText(listing, place))
    if (unreached) console.error(`warning: which are proven is not known: ${safe(unreached.message)}`)
  },
})
