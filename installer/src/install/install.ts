import { hostname } from 'node:os'
import type { CompleteAnswers } from '../answers/schema.ts'
import { assertIgnorable } from '../checks/ignore.ts'
import { checks } from '../checks/list.ts'
import type { InstallContext, InstallDeps } from './context.ts'
import type { Stage, StageOutcome } from './engine.ts'
import type { Emit } from './events.ts'
import { addToHistory, type Named, named } from './history.ts'
import { runJournaled } from './journaled.ts'
import { deployStage } from './stages/deploy.ts'
import { licenseStage } from './stages/license.ts'
import { namespaceStage } from './stages/namespace.ts'
import { preflightStage } from './stages/preflight.ts'
import { receiptStage } from './stages/receipt.ts'
import { registryStage } from './stages/registry.ts'
import { rolloutStage } from './stages/rollout.ts'
import { secretsStage } from './stages/secrets.ts'
import { smokeStage } from './stages/smoke.ts'
import { trialStage } from './stages/trial.ts'
import { verifyStage } from './stages/verify.ts'

/**
 * The stages of an installation. Up to the trial nothing is changed (but a registry that is to be seeded), and what the
 * trial makes in the cluster it removes.
 */
export const installStages: readonly Stage<InstallContext>[] = [
  licenseStage,
  verifyStage,
  preflightStage,
  registryStage,
  trialStage,
  namespaceStage,
  secretsStage,
  deployStage,
  rolloutStage,
  smokeStage,
  receiptStage,
]

export interface InstallResult {
  stages: StageOutcome[]
  /** of the release */
  name: string
  url: string
  namespace: string
  version: string
  /** the beginning of each command that looks at it: `kubectl --kubeconfig FILE --namespace cde` */
  kubectl: string
}

/**
 * Installs a release. Running it again, after a failure, an abort or a kill, goes on where the world shows that it ended;
 * after a success it checks everything and changes nothing.
 * @throws SealiftError with what to do next in `fix`
 */
export async function install(
  answers: CompleteAnswers,
  deps: InstallDeps,
  emit: Emit,
  signal: AbortSignal,
): Promise<InstallResult> {
  assertIgnorable(answers.ignore ?? [], checks)
  const now = () => new Date().toISOString()
  const started = now()
  const { context, outcomes } = await runJournaled(installStages, answers, deps, { emit, signal }, (same) => same)
  if (outcomes.some(({ stage, outcome }) => stage === 'deploy' && outcome === 'done')) {
    const entry = { what: 'install', to: releaseOf(deps), outcome: 'done', started, ended: now() } as const
    await addToHistory(context.cluster(), answers.namespace, { ...entry, host: hostname(), times: context.times })
  }
  return {
    stages: outcomes,
    url: `https://${answers.host}/`,
    namespace: answers.namespace,
    name: deps.bundle.release.name,
    version: deps.bundle.release.version,
    kubectl: `kubectl${context.cluster().flags} --namespace ${answers.namespace}`,
  }
}

const releaseOf = ({ bundle: { release, releaseDigest: digest } }: InstallDeps): Named => named({ ...release, digest })
