import { loadavg } from 'node:os'
import { sealift } from '../../lab/demo-sealift.ts'
import { ensurePackages } from '../../lab/packages.ts'
import { release11, release12 } from '../../lab/releases/releases.ts'
import { sealRelease } from '../../lab/releases/seal-release.ts'
import { addRun, type Figures, figuresOf } from '../figures.ts'
import { type Machine, machine } from '../machine.ts'
import { makeScratch } from '../scratch.ts'
import type { Target } from '../targets.ts'
import { backupRows } from './backup.ts'
import { fillDatabase } from './fill.ts'
import { upgradeWithPeople } from './people.ts'
import { startUpgradeSite } from './site.ts'
import { judgeUpgrade } from './targets.ts'

export const upgradeRows = ['upgrade', 'backup'] as const

export interface UpgradeBenchOptions {
  /** `upgrade` with its plan; `backup` with its proof, of a full database */
  rows: readonly (typeof upgradeRows)[number][]
  runs: number
  /** a small database instead of a large one */
  quick: boolean
  log: (line: string) => void
}

export interface UpgradeReport {
  runs: number
  /** of the full database, where one was backed up */
  bytes: number | undefined
  machine: Machine
  figures: Figures[]
  targets: Target[]
}

/** bytes of the database that is backed up */
const sizes = { quick: 200e6, usual: 2e9 }

/** Measures plan and upgrade of a site in the lab, then backups of its database once that is full. */
export async function benchUpgrade({ rows, runs, quick, log }: UpgradeBenchOptions): Promise<UpgradeReport> {
  await ensurePackages('bench')
  const loadBefore = loadavg()
  const figures: Figures[] = []
  const { directory: scratch, stop: removeScratch } = await makeScratch()
  const site = await startUpgradeSite(log)
  try {
    const { files, site: where } = site.ground
    const plan = async (row: string, bundle: string) => {
      for (let run = 0; run < runs; run++) {
        const begun = performance.now()
        const flags = [`--kubeconfig=${where.kubeconfig}`, `--directory=${files.backups}`]
        const { peakMemory } = await sealift(['upgrade', bundle, ...flags, '--plan'])
        const seconds = (performance.now() - begun) / 1000
        addRun(figuresOf(figures, row, 'sealift'), { seconds, megabytes: peakMemory / 1e6 })
        log(`${row}: ${seconds.toFixed(1)} s`)
      }
    }
    const next = await site.carry(await sealRelease(files, release11, log), 'next')
    let following = next
    if (rows.includes('upgrade')) {
      await plan('plan', next)
      const upgraded = await upgradeWithPeople(site, next, log)
      log(`upgrade: ${JSON.stringify(upgraded)}`)
      addRun(figuresOf(figures, 'upgrade', 'sealift'), upgraded)
      following = await site.carry(await sealRelease(files, release12, log), 'following')
    }
    let bytes: number | undefined
    if (rows.includes('backup')) {
      bytes = await fillDatabase(site, quick ? sizes.quick : sizes.usual, log)
      await plan('plan full', following)
      await backupRows(site, figures, { bytes, runs, scratch, log })
    }
    return { runs, bytes, machine: machine(loadBefore), figures, targets: judgeUpgrade(figures) }
  } finally {
    removeScratch()
    await site.ground.close()
  }
}
