import { randomUUID } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { printable } from '../printable.ts'
import { type Emit, type Reporter, reporterOf } from './events.ts'
import { interruptedStages, type Journal, type JournalEntry } from './journal.ts'

/**
 * One step of an installation or upgrade. A stage must be safe to run again: whoever was killed in it starts over with it.
 */
export interface Stage<C> {
  id: string
  /** What people see: "Check the license". */
  title: string
  /** Said when `needed` answers no: what it found to be in place already. */
  inPlace: string
  /** Looks at the world, not at the journal, whether there is anything to do. Changes nothing. */
  needed(context: C): Promise<boolean>
  run(context: C, report: Reporter): Promise<void>
  /** Takes back what a failed `run` may have half done. */
  undo?(context: C, report: Reporter): Promise<void>
}

export interface RunOptions {
  emit: Emit
  journal: Journal
  signal: AbortSignal
  /** A second place for the journal, the cluster for example. It may fail: that is reported and stops nothing. */
  mirror?: (entries: readonly JournalEntry[]) => Promise<void>
}

export interface StageOutcome {
  stage: string
  outcome: 'done' | 'skipped'
  ms: number
}

/**
 * Runs stages in order, each to its end before the next one starts. Every start and end is written to the journal before
 * the work goes on, so that after a kill the next run knows where this one was.
 * @throws whatever a stage throws, as a SealiftError with its code; USAGE_INTERRUPTED when the signal ended it
 */
export async function runStages<C>(
  stages: readonly Stage<C>[],
  context: C,
  { emit, journal, signal, mirror }: RunOptions,
): Promise<StageOutcome[]> {
  const run = randomUUID()
  const entries: JournalEntry[] = []
  const outcomes: StageOutcome[] = []
  const write = async (entry: Omit<JournalEntry, 'at' | 'run'>) => {
    const full = { at: Date.now(), run, ...entry }
    entries.push(full)
    await journal.append(full)
  }
  const mirrorNow = async (report: Reporter) => {
    await mirror?.(entries).catch((error: Error) => report.warn(`the journal in the cluster: ${error.message}`))
  }

  const interrupted = interruptedStages(journal.earlier)
  for (const [i, stage] of stages.entries()) {
    const report = reporterOf(stage.id, emit)
    const started = Date.now()
    const ms = () => Date.now() - started
    try {
      if (signal.aborted) throw signal.reason
      if (!(await stage.needed(context))) {
        await write({ stage: stage.id, event: 'skipped' })
        outcomes.push({ stage: stage.id, outcome: 'skipped', ms: ms() })
        emit({ type: 'stage-skipped', stage: stage.id, title: stage.title, why: stage.inPlace })
        continue
      }
      emit({
        type: 'stage-start',
        stage: stage.id,
        title: stage.title,
        number: i + 1,
        of: stages.length,
        at: started,
      })
      if (interrupted.includes(stage.id)) report.info('an earlier run ended in this stage: starting it again')
      await write({ stage: stage.id, event: 'start' })
      await stage.run(context, report)
      await write({ stage: stage.id, event: 'done', ms: ms() })
      outcomes.push({ stage: stage.id, outcome: 'done', ms: ms() })
      emit({ type: 'stage-done', stage: stage.id, ms: ms() })
    } catch (cause) {
      const error = failure(cause, stage.title, signal)
      await stage.undo?.(context, report).catch((e: Error) => report.warn(`could not be taken back: ${e.message}`))
      await write({ stage: stage.id, event: 'failed', ms: ms(), code: error.code })
      emit({
        type: 'stage-failed',
        stage: stage.id,
        ms: ms(),
        code: error.code,
        message: printable(error.message),
        ...(error.why === undefined ? {} : { why: printable(error.why) }),
        ...(error.fix === undefined ? {} : { fix: printable(error.fix) }),
      })
      if (!signal.aborted) await mirrorNow(report)
      throw error
    }
    await mirrorNow(report)
  }
  return outcomes
}

function failure(cause: unknown, title: string, signal: AbortSignal): SealiftError {
  if (signal.aborted)
    return new SealiftError('USAGE_INTERRUPTED', `interrupted in: ${title}`, {
      fix: 'run the same command again: it goes on where this one ended',
      cause,
    })
  if (cause instanceof SealiftError) return cause
  return new SealiftError('INTERNAL_STAGE', `"${title}" failed: ${(cause as Error)?.message ?? cause}`, { cause })
}
