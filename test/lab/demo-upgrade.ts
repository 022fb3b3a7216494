import { copyFile } from 'node:fs/promises'
import { peakMemoryOf } from '../bench/process-usage.ts'
import { assertGapless, countAloud, counted, openTerminal } from '../e2e/terminal.ts'
import type { DemoOptions, DemoSummary } from './demo.ts'
import { sealift } from './demo-sealift.ts'
import { steps } from './demo-step.ts'
import { logIn } from './demo-user.ts'
import { release02 } from './releases/releases.ts'
import { sealRelease } from './releases/seal-release.ts'

/** What became of the demo's site; times and memory are those of all that was done. */
export interface UpgradeSummary extends DemoSummary {
  /** version that runs now */
  version: string
  /** how many lines a program wrote into a terminal that was open all the while */
  lines: number
}

/**
 * Upgrades the site of the demo to its next release, as its users do: seal, carry over, serve beside the first one, look at the
 * plan, upgrade. Throws where the terminal that is open meanwhile ends, or where a line is missing in it.
 */
export async function upgradeDemo(
  demo: DemoSummary,
  { log, show = false }: Pick<DemoOptions, 'log' | 'show'>,
): Promise<UpgradeSummary> {
  const { files, site, served, platform } = demo
  const { step, note, times } = steps(log, show)
  const sealed = await step('Seal the next release', () => sealRelease(files, release02, note))
  await step('Carry it over too', () => copyFile(sealed, files.next))
  await step('Serve it beside the first one', served.reload)
  // no answers: the site has kept them
  const where = `--kubeconfig=${site.kubeconfig}`
  const upgrade = ['upgrade', files.next, where, `--directory=${files.backups}`]
  const user = await logIn(platform, 'admin', demo.adminPassword)
  const terminal = await step('Open a terminal in which a program counts', () => openTerminal(user, demo.workspace.id))
  try {
    terminal.type(countAloud)
    await terminal.until(/<5>/)
    await step('Look at what an upgrade would do', () => sealift([...upgrade, '--plan'], { show }))
    const { peakMemory } = await step('Upgrade while it counts', () => sealift([...upgrade, '--yes'], { show }))
    // the one after the next cannot be on its way yet
    await terminal.until(new RegExp(`<${(counted(terminal.shown()).at(-1) ?? 0) + 2}>`))
    const shown = terminal.shown()
    assertGapless(shown)
    const lines = counted(shown).length
    note(`the terminal is still open, and every line came: ${lines}, in their order`)
    await step('Look at what was done', () => sealift(['history', where], { show }))
    return {
      ...demo,
      ...{ version: release02.version, lines },
      times: { ...demo.times, ...times },
      memory: { ...demo.memory, serve: peakMemoryOf(served.pid), upgrade: peakMemory },
    }
  } finally {
    terminal.close()
    await user.close()
  }
}
