import { defineCommand } from '../command.ts'
import { jsonLine } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'
import { site, siteOf } from '../site-options.ts'
import { statusText } from '../status-text.ts'

export const status = defineCommand({
  command: 'status',
  describe: 'say what is installed and whether it runs',
  builder: (yargs) =>
    yargs
      .options({ ...site, json })
      .example('$0 status --answers answers.yaml', 'exit code 0 where everything runs, 6 where something does not')
      .epilogue('Warnings do not change the exit code. docs/operate.md explains each line.'),
  handler: async (args) => {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { readStatus } = await import('../../status/status.ts')
    const where = siteOf(args)
    const { error, ...seen } = await readStatus(connectCluster(where, interruption()), where.namespace)
    if (!args.json) {
      console.log(statusText({ ...seen, error }))
      if (error) throw error
      return
    }
    const { code, message, why, fix, exitCode } = error ?? {}
    console.log(jsonLine({ ...seen, healthy: !error, ...(error && { error: { code, message, why, fix, exitCode } }) }))
    process.exitCode = exitCode ?? 0
  },
})
