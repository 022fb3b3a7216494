import { rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import type { CompleteAnswers } from '../answers/schema.ts'
import { createContext, type InstallDeps } from '../install/context.ts'
import { lockState } from '../stores/state-lock.ts'
import type { CheckResult } from './check.ts'
import { assertIgnorable } from './ignore.ts'
import { images, imagesToSeed } from './images.ts'
import { checks } from './list.ts'
import { type CheckReport, checkReport } from './report.ts'
import { runChecks } from './run.ts'

/**
 * Runs all checks alone, days before an installation. What it takes out of the bundle goes into a directory of its own in
 * the state directory, which is empty before and gone afterwards; what a run that was killed left is removed first.
 * @throws SealiftError USAGE_IGNORE, USAGE_LOCKED, STORAGE_STATE; the reason of the signal
 */
export async function preflight(
  answers: CompleteAnswers,
  deps: InstallDeps,
  { emit, signal }: { emit(result: CheckResult): void; signal: AbortSignal },
): Promise<CheckReport> {
  const ignore = answers.ignore ?? []
  assertIgnorable(ignore, checks)
  // an installation tries the same things in the same places
  const release = await lockState(deps.stateDir, 'an installation', deps.lockWait)
  const scratch = path.join(deps.stateDir, 'preflight')
  const started = Date.now()
  try {
    await rm(scratch, { recursive: true, force: true })
    const context = createContext(answers, { ...deps, stateDir: scratch }, signal, [])
    const seeds = answers.registry.kind === 'seed'
    const looked = checks.map((check) => (seeds && check === images ? imagesToSeed : check))
    const outcomes = await runChecks(looked, context, { ignore, emit, signal })
    return checkReport(
      context,
      outcomes.map(({ result }) => result),
      Date.now() - started,
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
    release()
    // one that an installation works with is not empty
    await rmdir(deps.stateDir).catch(() => {})
  }
}
