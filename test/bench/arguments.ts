import { parseArgs } from 'node:util'
import { plans } from './corpus-plan.ts'
import { rowNames } from './data-path.ts'
import { envproxyRows } from './envproxy/envproxy.ts'
import { upgradeRows } from './upgrade/upgrade.ts'

export const usage = `npm run bench -- data-path [--size SIZE] [--rows ROW,ROW] [--runs N] [--contestants NAME,NAME] [--out FILE] [--cli FILE] [--json]
npm run bench -- envproxy [--quick] [--rows ROW,ROW] [--runs N] [--out FILE] [--json]
npm run bench -- manager [--quick] [--runs N] [--out FILE] [--json]
npm run bench -- upgrade [--quick] [--rows ROW,ROW] [--runs N] [--out FILE] [--json]

data-path measures the data path beside comparable tools, in turn, on the same content and registries; envproxy the proxy to
workspaces beside other proxies; manager the API over a database that is full; upgrade, in the lab, what people notice of an
upgrade, and backups beside pg_dump. docs/benchmarks.md explains them.

  --quick        less of everything: in less than a minute, upgrade in some
  --size         small (349 MB, the default), 1g, 8g, or demo (the images of the demo)
  --rows         data-path: of ${rowNames.join(', ')} (default: all)
                 envproxy: of ${envproxyRows.join(', ')} (default: all)
                 upgrade: of ${upgradeRows.join(', ')} (default: all)
  --runs         timed runs of each contestant (default: data-path ${Object.entries(plans)
    .map(([size, { runs }]) => `${size} ${runs}`)
    .join(', ')}; the others 3, quick 1)
  --contestants  of: sealift, skopeo, crane, oras, regctl, imgpkg (default: all; with 8g: sealift, imgpkg)
  --out          file for the whole report as JSON (default: in the cache, its path is shown)
  --cli          main.ts of another checkout's CLI, to compare two states of the code
  --node-flags   flags of Node for ours, such as --cpu-prof (envproxy and manager)
  --json         print that JSON instead of tables
`

/** An argument that does not fit. */
export class Misuse extends Error {}

export const readArguments = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      size: { type: 'string', default: 'small' },
      rows: { type: 'string' },
      runs: { type: 'string' },
      contestants: { type: 'string' },
      out: { type: 'string' },
      cli: { type: 'string' },
      'node-flags': { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })

export type Values = ReturnType<typeof readArguments>['values']

/** The rows asked for, of those that there are. @throws Misuse */
export function rowsOf<T extends string>(values: Values, all: readonly T[]): T[] {
  const rows = values.rows?.split(',') ?? [...all]
  const unknown = rows.find((row) => !all.includes(row as T))
  if (unknown !== undefined) throw new Misuse(`there is no row ${unknown}`)
  return rows as T[]
}

/** @throws Misuse */
export function runsOf(values: Values, usual: number): number {
  const runs = Number(values.runs ?? usual)
  if (!Number.isInteger(runs) || runs < 1) throw new Misuse('--runs takes a number of 1 or more')
  return runs
}
