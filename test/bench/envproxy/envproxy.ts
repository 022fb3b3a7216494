import { mkdtemp } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { ensurePackages } from '../../lab/packages.ts'
import type { Figures } from '../figures.ts'
import { type Machine, machine } from '../machine.ts'
import { makeScratch } from '../scratch.ts'
import type { Target } from '../targets.ts'
import type { Bench, Contestant } from './bench.ts'
import { startLoad } from './load.ts'
import { direct, startBackend, startChp, startNginx, startOurs, startRelay } from './proxies.ts'
import { bulkRow } from './rows/bulk.ts'
import { connectRow } from './rows/connect.ts'
import { echoRow } from './rows/echo.ts'
import { heldRow } from './rows/held.ts'
import { idleRow } from './rows/idle.ts'
import { slowReaderRow } from './rows/slow-reader.ts'
import { startStandInManager } from './stand-in-manager.ts'
import { judgeEnvproxy } from './targets.ts'

export const envproxyRows = ['idle', 'echo', 'bulk', 'slow-reader', 'connect', 'held'] as const
export type EnvproxyRow = (typeof envproxyRows)[number]

export interface EnvproxyOptions {
  rows: readonly EnvproxyRow[]
  runs: number
  quick: boolean
  /** flags of Node for ours, such as --cpu-prof */
  nodeFlags: string[]
  log: (line: string) => void
}

export interface EnvproxyReport {
  runs: number
  quick: boolean
  machine: Machine
  versions: Record<string, string>
  figures: Figures[]
  targets: Target[]
}

/** Measures envproxy and other proxies, in turn, before the same workspace and with the same clients. */
export async function benchEnvproxy(options: EnvproxyOptions): Promise<EnvproxyReport> {
  const { log, quick, runs, rows } = options
  await ensurePackages('integration')
  const { directory: scratch, stop: removeScratch } = await makeScratch()
  const stops: (() => unknown)[] = [removeScratch]
  const kept = <T extends { stop: () => unknown }>(one: T): T => {
    stops.push(() => one.stop())
    return one
  }
  const loadBefore = loadavg()
  try {
    const manager = kept(await startStandInManager())
    const backend = kept(await startBackend(scratch))
    const load = kept(startLoad(scratch))
    // the same one may run twice
    const own = () => mkdtemp(join(scratch, 'proxy-'))
    const contestants: Contestant[] = [
      { name: 'envproxy', start: async () => startOurs(await own(), backend, manager, options.nodeFlags) },
      { name: 'nginx', start: async () => startNginx(await own(), backend) },
      { name: 'configurable-http-proxy', start: async () => startChp(await own(), backend, log) },
      { name: 'ws relay', start: async () => startRelay(await own(), backend) },
    ]
    const running = [direct(backend)]
    running.push(...(await Promise.all(contestants.map(async ({ start }) => kept(await start())))))
    const figures: Figures[] = []
    const bench: Bench = { contestants, running, load, manager, figures, runs, quick, log }
    const wanted = (row: EnvproxyRow) => rows.includes(row)
    const held = wanted('held') ? heldRow(bench, kept(startLoad(scratch))) : undefined
    if (!quick) await held
    if (wanted('idle')) await idleRow(bench)
    if (wanted('echo'))
      for (const connections of quick ? [100, 1000] : [1, 100, 1000]) await echoRow(bench, connections)
    if (wanted('bulk')) await bulkRow(bench)
    if (wanted('slow-reader')) await slowReaderRow(bench)
    if (wanted('connect')) await connectRow(bench)
    await held
    const versions = Object.fromEntries(running.map(({ name, version }) => [name, version]))
    return { runs, quick, machine: machine(loadBefore), versions, figures, targets: judgeEnvproxy(figures) }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
