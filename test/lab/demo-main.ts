import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { runDemo } from './demo.ts'
import { summaryText } from './demo-summary.ts'
import { upgradeDemo } from './demo-upgrade.ts'
import { down } from './lab.ts'

const usage = `npm run demo -- [--keep] [--kubeconfig FILE --address ADDRESS] [--directory DIR] [--json]

Seals the platform into a bundle, carries it over a gap, serves it straight from the file and installs it on a real
Kubernetes that has no way out. Then it upgrades it to a second release, while a program counts in an open terminal.

  --keep        leave the site and the served registry running
  --kubeconfig  use a cluster of your own instead of the lab; --address is this machine as its nodes see it
  --directory   where bundle, keys and answers are kept (default: ~/.cache/sealift/demo)
  --json        print the summary as JSON
`

try {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      kubeconfig: { type: 'string' },
      address: { type: 'string' },
      directory: {
        type: 'string',
        default: join(process.env.SEALIFT_CACHE ?? join(homedir(), '.cache/sealift'), 'demo'),
      },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) console.log(usage)
  else await demo(values)
} catch (error) {
  console.error(
    error instanceof SealiftError ? `${error.code}: ${error.message}\n${error.why ?? ''}\n${error.fix ?? ''}` : error,
  )
  process.exitCode = 1
}

async function demo(values: {
  keep: boolean
  kubeconfig?: string
  address?: string
  directory: string
  json: boolean
}): Promise<void> {
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const { kubeconfig, address, directory } = values
  const installed = await runDemo({ directory, kubeconfig, address, log, show: true })
  const { stop } = installed
  const summary = await upgradeDemo(installed, { log, show: true }).catch(async (error) => {
    await stop()
    throw error
  })
  const { site, adminPassword: _, served: __, ...rest } = summary
  console.log(
    values.json ? JSON.stringify({ ...rest, kubeconfig: site.kubeconfig }) : summaryText(summary, values.keep),
  )
  if (values.keep) {
    log('\nThe registry is served until you press Ctrl-C; `npm run lab -- down` takes the site away.')
    await new Promise((resolve) => process.once('SIGINT', resolve))
  }
  await stop()
  if (!values.keep && kubeconfig === undefined) await down()
}
