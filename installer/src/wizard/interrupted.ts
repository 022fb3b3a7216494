import type { CheckResult } from '../checks/check.ts'
import type { Failure, StageView, View } from './view.ts'

const failure: Failure = {
  code: 'USAGE_INTERRUPTED',
  message: 'the process that installed has ended',
  fix: 'go on: the installation looks at what is there, and continues where it ended',
}

/** The view of a session whose process is gone: what it was doing is not being done. */
export function afterDeath(view: View): View {
  const { steering: _, ...rest } = view
  const alone = { ...rest, faces: [] }
  if (view.phase === 'checking')
    return {
      ...alone,
      phase: 'asking',
      checks: stopped(view.checks),
    }
  if (view.phase !== 'installing') return alone
  const ended = (stage: StageView): StageView => (stage.state === 'running' ? { ...stage, state: 'failed' } : stage)
  return { ...alone, phase: 'failed', failure, stages: view.stages.map(ended) }
}

/** Checks of which none runs any more. */
export const stopped = (checks: readonly CheckResult[]): CheckResult[] =>
  checks.map((check) => (check.state === 'running' ? { ...check, state: 'waiting' } : check))
