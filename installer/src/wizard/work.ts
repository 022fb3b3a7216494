import path from 'node:path'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { CheckReport } from '../checks/report.ts'
import type { Emit } from '../install/events.ts'
import type { InstallResult } from '../install/install.ts'
import { type Served, serveFlags } from '../install/serve-command.ts'
import type { Started } from '../serve/background/start.ts'
import type { SessionEvent } from './view.ts'

/** What a session starts: it asks for the answers, and leaves the work to these. */
export interface Work {
  install(answers: CompleteAnswers, emit: Emit, signal: AbortSignal): Promise<InstallResult>
  /** Tells what each check finds as soon as it has found it. */
  check(answers: CompleteAnswers, tell: (event: SessionEvent) => void, signal: AbortSignal): Promise<CheckReport>
  /** Serves a bundle as a process of its own, and returns when it answers. */
  serve(served: Served, onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<Started>
  /** what an installation will go through */
  stages(): Promise<readonly { id: string; title: string }[]>
}

/** The installation itself; `stateDir` is where it keeps its journal, by default one for each site. */
export const installing = (stateDir?: string): Work => ({
  async install(answers, emit, signal) {
    const { openInstallation } = await import('../install/open.ts')
    const { install } = await import('../install/install.ts')
    const deps = await openInstallation(answers, stateDir, signal)
    try {
      return await install(answers, deps, emit, signal)
    } finally {
      await deps.close()
    }
  },
  async check(answers, tell, signal) {
    const { openInstallation } = await import('../install/open.ts')
    const { checks } = await import('../checks/list.ts')
    const { waiting } = await import('../checks/run.ts')
    const { preflight } = await import('../checks/preflight.ts')
    tell({ type: 'checks', checks: checks.map(waiting) })
    const deps = await openInstallation(answers, stateDir, signal)
    try {
      return await preflight(answers, deps, { emit: (check) => tell({ type: 'check', check }), signal })
    } finally {
      await deps.close()
    }
  },
  async serve(served, onProgress, signal) {
    const { startInBackground } = await import('../serve/background/start.ts')
    const { defaultServeState } = await import('../serve/state.ts')
    return await startInBackground({
      bundles: [served.bundle ?? ''],
      flags: serveFlags(served),
      // by default where `sealift serve` looks too: nodes trust one CA, whoever starts it
      state: stateDir === undefined ? defaultServeState() : path.join(stateDir, 'serve'),
      onProgress,
      signal,
    })
  },
  async stages() {
    const { installStages } = await import('../install/install.ts')
    return installStages.map(({ id, title }) => ({ id, title }))
  },
})
