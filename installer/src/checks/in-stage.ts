import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { InstallContext } from '../install/context.ts'
import type { Reporter } from '../install/events.ts'
import type { Check, CheckResult } from './check.ts'
import { runChecks } from './run.ts'

/**
 * Runs checks as a stage of an installation: each is a line of its log.
 * @throws SealiftError what the first of them that failed says, and how many more did
 */
export async function checkInStage(checks: readonly Check[], context: InstallContext, report: Reporter): Promise<void> {
  let done = 0
  const outcomes = await runChecks(checks, context, {
    ignore: context.answers.ignore ?? [],
    signal: context.signal,
    emit(result) {
      const { state, found = '' } = result
      if (state === 'running') return found && report.info(found)
      report.progress(++done, checks.length, 'items')
      if (state === 'failed' || state === 'ignored') report.warn(complaint(result))
      else report.info(`${result.title}: ${state === 'skipped' ? `skipped, ${found}` : found}`)
    },
  })
  const failed = outcomes.flatMap(({ result, error }) =>
    error && result.state === 'failed' && result.level === 'error' ? [{ id: result.id, error }] : [],
  )
  const [first, ...others] = failed
  if (!first) return
  const { code, message, why, fix } = first.error
  if (others.length === 0) throw first.error
  const more = `${others.length} more ${others.length === 1 ? 'check' : 'checks'} failed: ${others.map(({ id }) => id).join(', ')}`
  throw new SealiftError(code, message, { why: why === undefined ? more : `${why}; ${more}`, fix, cause: first.error })
}

function complaint({ id, state, level, found, needed, fix }: CheckResult): string {
  const known = state === 'ignored' ? '; the answers accept that' : fix ? `; try: ${fix}` : ''
  return `${level === 'error' ? 'failed: ' : ''}${found} (needed: ${needed})${known} [${id}]`
}
