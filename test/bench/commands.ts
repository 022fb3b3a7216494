import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { buildExecutable } from '../../manifests/executable/build.ts'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { Misuse, rowsOf, runsOf, type Values } from './arguments.ts'
import { plans } from './corpus-plan.ts'
import { benchDataPath, type Report, rowNames } from './data-path.ts'
import { benchEnvproxy, envproxyRows } from './envproxy/envproxy.ts'
import { envproxyText } from './envproxy/report.ts'
import { benchManager } from './manager/manager.ts'
import { managerText } from './manager/report.ts'
import { reportText } from './report.ts'
import { upgradeText } from './upgrade/report.ts'
import { benchUpgrade, upgradeRows } from './upgrade/upgrade.ts'

/** What can be measured, by name. */
export const commands: Record<string, (values: Values) => Promise<void>> = {
  'data-path': dataPath,
  envproxy,
  manager,
  upgrade,
}

const log = (line: string) => void process.stderr.write(`${line}\n`)

async function dataPath(values: Values): Promise<void> {
  const { size } = values
  if (size !== 'demo' && !(size in plans)) throw new Misuse(`there is no size ${size}`)
  const chosen = size as keyof typeof plans | 'demo'
  const names = values.contestants ?? (size === '8g' ? 'sealift,imgpkg' : undefined)
  const out = await outputOf(values, `data-path-${size}`)
  let report: Report | undefined
  await benchDataPath({
    size: chosen,
    rows: rowsOf(values, rowNames),
    runs: runsOf(values, chosen === 'demo' ? 5 : plans[chosen].runs),
    contestants: names?.split(','),
    cli: values.cli === undefined ? await buildExecutable() : resolve(values.cli),
    log,
    // hours may go by until the last row
    onReport: async (latest) => {
      report = latest
      await writeFile(out, JSON.stringify(latest, null, 1))
    },
  })
  if (report) show(values, report, reportText(report), out)
}

async function envproxy(values: Values): Promise<void> {
  const { quick } = values
  const out = await outputOf(values, 'envproxy')
  const report = await benchEnvproxy({
    quick,
    rows: rowsOf(values, envproxyRows),
    runs: runsOf(values, quick ? 1 : 3),
    nodeFlags: flagsOf(values),
    log,
  })
  await writeFile(out, JSON.stringify(report, null, 1))
  show(values, report, envproxyText(report), out)
}

async function manager(values: Values): Promise<void> {
  const { quick } = values
  const out = await outputOf(values, 'manager')
  const report = await benchManager({ quick, runs: runsOf(values, quick ? 1 : 3), nodeFlags: flagsOf(values), log })
  await writeFile(out, JSON.stringify(report, null, 1))
  show(values, report, managerText(report), out)
}

async function upgrade(values: Values): Promise<void> {
  const { quick } = values
  const out = await outputOf(values, 'upgrade')
  const report = await benchUpgrade({
    quick,
    rows: rowsOf(values, upgradeRows),
    runs: runsOf(values, quick ? 1 : 3),
    log,
  })
  await writeFile(out, JSON.stringify(report, null, 1))
  show(values, report, upgradeText(report), out)
}

const flagsOf = (values: Values) => values['node-flags']?.split(' ') ?? []

async function outputOf(values: Values, name: string): Promise<string> {
  const out = values.out ?? join(cacheDirectory(), 'bench', `${name}.json`)
  await mkdir(dirname(out), { recursive: true })
  return out
}

function show({ json }: Values, report: object, text: string, out: string): void {
  console.log(json ? JSON.stringify(report) : `${text}\n\nAll of it as JSON: ${out}`)
}
