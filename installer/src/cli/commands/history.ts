import { defineCommand } from '../command.ts'
import { jsonLine } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'

export const history = defineCommand({
  command: 'history',
  describe: 'say what was installed, upgraded and taken back, when and from where',
  builder: (yargs) =>
    yargs
      .options({ ...site, json })
      .example('$0 history --namespace cde', 'oldest first, with how long it took and what failed'),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { readHistory } = await import('../../install/history.ts')
    const { historyText } = await import('../upgrade-report.ts')
    const where = siteOf(args)
    const entries = await readHistory(connectCluster(where, interruption()), where.namespace)
    console.log(args.json ? jsonLine({ entries }) : historyText(entries))
  },
})
