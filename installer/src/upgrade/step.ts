import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseAnswers } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { endOrphanedHelm } from '../cluster/helm-orphan.ts'
import type { Difference } from '../database/state.ts'
import { clusterJournal } from '../install/cluster-journal.ts'
import { runStages, type Stage } from '../install/engine.ts'
import type { Emit } from '../install/events.ts'
import type { Journal } from '../install/journal.ts'
import { answersName } from '../install/kept-answers.ts'
import { licenseStage } from '../install/stages/license.ts'
import { preflightStage } from '../install/stages/preflight.ts'
import { receiptStage } from '../install/stages/receipt.ts'
import { registryStage } from '../install/stages/registry.ts'
import { rolloutStage } from '../install/stages/rollout.ts'
import { secretsStage } from '../install/stages/secrets.ts'
import { smokeStage } from '../install/stages/smoke.ts'
import { verifyStage } from '../install/stages/verify.ts'
import { chartBackStage, objectsBackStage } from './back/chart.ts'
import { type BackContext, type BackDeps, createBackContext } from './back/context.ts'
import { databaseBackStage, databaseReadyStage } from './back/database.ts'
import { endBackStage } from './back/end.ts'
import { lossText } from './back/loss.ts'
import { secretsBackStage } from './back/secrets.ts'
import { volumeBackStage } from './back/volume.ts'
import { createStepContext, type StepContext, type StepDeps } from './context.ts'
import { giveUp } from './forget.ts'
import { patient } from './patient.ts'
import type { UpgradeRecord } from './record.ts'
import { backupStage } from './stages/backup.ts'
import { beginStage } from './stages/begin.ts'
import { compareStage } from './stages/compare.ts'
import { deployStage } from './stages/deploy.ts'
import { historyStage } from './stages/history.ts'
import { keepStage } from './stages/keep.ts'
import { moveStage } from './stages/move.ts'
import { noticeStage } from './stages/notice.ts'
import { proofStage } from './stages/proof.ts'
import { pullStage } from './stages/pull.ts'

/**
 * From one release to the next. What takes long and changes nothing comes first, so that nothing stands between the backup
 * and the change but its proof: what people do in between is what a way back by the backup would lose.
 */
export const upgradeStages: readonly Stage<StepContext>[] = [
  licenseStage,
  verifyStage,
  preflightStage,
  compareStage,
  registryStage,
  pullStage,
  noticeStage,
  backupStage,
  proofStage,
  beginStage,
  secretsStage,
  moveStage,
  deployStage,
  rolloutStage,
  smokeStage,
  keepStage,
  receiptStage,
  historyStage,
]

/** From what a failed step has left to the release before it. */
export const backStages: readonly Stage<BackContext>[] = [
  databaseReadyStage,
  secretsBackStage,
  chartBackStage,
  rolloutStage,
  databaseBackStage,
  objectsBackStage,
  smokeStage,
  keepStage,
  volumeBackStage,
  endBackStage,
]

export interface StepRun {
  answers: CompleteAnswers
  deps: StepDeps
  journal: Journal
  emit: Emit
  signal: AbortSignal
}

/**
 * Makes one step, or goes on with one that was begun. What fails after changes have begun is taken back before this throws.
 * @throws SealiftError of the stage that failed where nothing was changed; UPGRADE_CAME_BACK where the site is what it was;
 * UPGRADE_NO_WAY_BACK where the next release says that there is none; UPGRADE_STUCK where the way back failed too, USAGE_INTERRUPTED: run again, it goes on
 */
export async function makeStep(run: StepRun): Promise<void> {
  const { answers, deps, journal, signal } = run
  const context = createStepContext(answers, deps, signal, journal.earlier)
  if (context.record().direction === 'forward')
    try {
      return await stagesOf(run, context, upgradeStages)
    } catch (error) {
      if (signal.aborted || !(error instanceof SealiftError) || context.record().passed) throw error
      if (!context.record().changes)
        return await giveUp(context.cluster(), context.answers.namespace, context.record(), error)
      if (context.record().noWayBack !== undefined) throw noWayBack(context.record(), error)
      const { code, message } = error
      const stage = context.failing ?? ''
      await context.note({
        direction: 'back',
        failed: { stage, code, message, ...(error.why && { why: error.why }), ...(error.fix && { fix: error.fix }) },
      })
    }
  await failBack(run, context)
}

/** The next release stays, half-way as it is. */
const noWayBack = ({ to, noWayBack: why }: UpgradeRecord, cause: SealiftError): SealiftError =>
  new SealiftError('UPGRADE_NO_WAY_BACK', `the upgrade to ${to.version} stopped, and there is no way back from it`, {
    why: [`${cause.message} [${cause.code}]`, cause.why, `${to.version} says: ${why}`].filter(Boolean).join('; '),
    fix: `run the same command again: it goes on from here${cause.fix ? `; before that: ${cause.fix}` : ''}`,
    cause,
  })

async function failBack({ answers, ...run }: StepRun, context: StepContext): Promise<never> {
  const { from, to, failed } = context.record()
  const { signal, timeout, helm } = context
  const record = context.record()
  let lost: Difference[] | undefined
  try {
    const before = answersBefore(record, answers)
    lost = await goBack({ answers: before, backup: context.options.backup, helm, signal, timeout, record }, run)
  } catch (error) {
    if (signal.aborted || !(error instanceof SealiftError)) throw error
    throw new SealiftError('UPGRADE_STUCK', `the upgrade to ${to.version} failed, and the way back stopped`, {
      why: [`the upgrade: ${failed?.message}`, `the way back: ${error.message}`, error.why].filter(Boolean).join('; '),
      fix: `run the same command again: it goes on with the way back${error.fix ? `; before that: ${error.fix}` : ''}`,
      cause: error,
    })
  }
  throw new SealiftError('UPGRADE_CAME_BACK', `the upgrade to ${to.version} failed; ${from.version} runs again`, {
    why: [failed && `${failed.message} [${failed.code}]`, failed?.why, lossText(lost)]
      .filter(Boolean)
      .join('; ')
      .replaceAll('\n', '; '),
    fix: 'nothing has to be done for the site; for the vendor: sealift history, and what is said above',
  })
}

/** The answers of the release of before, with how this machine reaches the cluster. @throws SealiftError USAGE_ANSWERS */
export function answersBefore(
  { from }: UpgradeRecord,
  { kubeconfig, context }: { kubeconfig?: string | undefined; context?: string | undefined },
): CompleteAnswers {
  const { kubeconfig: _, context: __, ...before } = parseAnswers(from.answers, `/ConfigMap ${answersName}`)
  return { ...before, ...(kubeconfig && { kubeconfig }), ...(context && { context }) }
}

/**
 * Goes from wherever an upgrade has come to, back to the release of before. Returns what is lost by that.
 * @throws SealiftError of the stage that failed: run again, it goes on
 */
export async function goBack(
  deps: BackDeps,
  run: Pick<StepRun, 'journal' | 'emit' | 'signal'>,
): Promise<Difference[] | undefined> {
  const context = createBackContext(deps)
  // one that an earlier run left behind would start what the first stages stop
  await endOrphanedHelm(await deps.helm())
  await stagesOf(run, context, backStages)
  return context.lost
}

async function stagesOf<C extends StepContext | BackContext>(
  { journal, emit, signal }: Pick<StepRun, 'journal' | 'emit' | 'signal'>,
  context: C,
  stages: readonly Stage<C>[],
): Promise<void> {
  const inCluster = clusterJournal(context.cluster, context.answers.namespace)
  await runStages(patient(stages), context, {
    journal,
    signal,
    mirror: inCluster,
    emit: (event) => {
      if (event.type === 'stage-done') context.times[event.stage] = event.ms
      if (event.type === 'stage-failed') context.failing = event.stage
      emit(event)
    },
  })
}
