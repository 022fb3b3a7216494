import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type HelmUpgrade, helmUpgrade } from '../cluster/helm.ts'
import { endOrphanedHelm, rememberHelm } from '../cluster/helm-orphan.ts'
import { dropUnfinishedRevisions, isUnfinished } from '../cluster/helm-record.ts'
import { describeProblem } from '../cluster/pod-problems.ts'
import { type Rollout, rolloutFailure, watchRollout } from '../cluster/rollout.ts'
import { type Workload, workloadsOf } from '../cluster/workloads.ts'
import type { InstallContext } from './context.ts'
import type { Reporter } from './events.ts'

/** milliseconds after which a problem that stays counts as final, where all may take 10 minutes */
const patience = { image: 60_000, other: 240_000, of: 600_000 }

/** Last words of a manager that no restart mends (docs/platform-errors.md). */
const final = /\b(SCHEMA_(NEWER|CHANGED|HALF)|MIGRATION_FAILED): /

/** What a deployment needs of its context. */
export type DeployContext = Pick<
  InstallContext,
  'answers' | 'chart' | 'cluster' | 'helm' | 'helmRelease' | 'objects' | 'signal' | 'timeout'
>

/**
 * Installs or upgrades the chart by Helm and waits until everything is ready. A problem of a pod that stays ends it before
 * the time is over. With `takesBack`, Helm takes back what it did.
 * @throws SealiftError CLUSTER_HELM_*, CLUSTER_ROLLOUT with the reason of each pod that does not run
 */
export async function deployChart(
  context: DeployContext,
  report: Reporter,
  {
    values,
    ...what
  }: { values: Record<string, unknown> } & Pick<HelmUpgrade, 'description' | 'takesBack' | 'takesOver'>,
): Promise<void> {
  const { answers, helmRelease, timeout } = context
  const chart = { chart: await context.chart(), values }
  const workloads = workloadsOf(await context.objects())
  try {
    await watched(context, workloads, report, (helm, run) =>
      helmUpgrade(helm, answers, helmRelease, chart, { ...run, ...what, timeout }),
    )
  } catch (error) {
    if (!what.takesBack || !(error instanceof SealiftError) || error.code !== 'CLUSTER_ROLLOUT') throw error
    throw new SealiftError(error.code, `${error.message}; Helm has taken the installation back`, error)
  }
}

type HelmRun = Pick<Parameters<typeof helmUpgrade>[4], 'signal' | 'kill' | 'onLine' | 'onStart'>

/**
 * Lets Helm do something and looks at the pods meanwhile. A problem of one that stays ends it before its time, unless
 * `endsEarly` says that there may be pods that are about to go.
 * @throws SealiftError CLUSTER_ROLLOUT with the reason of each pod that does not run, else what `work` fails with
 */
export async function watched(
  {
    answers,
    cluster: connect,
    helm: extract,
    signal,
    timeout,
  }: Pick<DeployContext, 'answers' | 'cluster' | 'helm' | 'signal' | 'timeout'>,
  workloads: readonly Workload[],
  report: Reporter,
  work: (helm: Awaited<ReturnType<DeployContext['helm']>>, run: HelmRun) => Promise<void>,
  { endsEarly = true } = {},
): Promise<void> {
  const helm = await extract()
  const cluster = connect()
  const share = Math.min(1, timeout / patience.of)
  const stopHelm = new AbortController()
  const stopWatch = new AbortController()
  let worst: Rollout | undefined
  const watching = (async () => {
    const watch = {
      onProgress: (ready: number, wanted: number) => report.progress(ready, wanted, 'items'),
      onProblem: (problem: Rollout['problems'][number]) => report.warn(describeProblem(problem)),
    }
    for await (const rollout of watchRollout(cluster, answers.namespace, workloads, watch, stopWatch.signal)) {
      if (rollout.problems.length > 0) worst = rollout
      if (!endsEarly) continue
      const image = rollout.problems.some((problem) => /Image/.test(problem.reason))
      const isFinal = rollout.problems.some((problem) => final.test(problem.message))
      if (isFinal || rollout.troubledFor > (image ? patience.image : patience.other) * share) stopHelm.abort()
    }
  })().catch((error: Error) => report.warn(`cannot watch the pods: ${error.message}`))
  let forget = () => {}
  try {
    await work(helm, {
      signal: stopHelm.signal,
      // what an interrupted run has installed is what the next one goes on with
      kill: signal,
      onLine: (line) => report.info(line),
      onStart: (pid) => {
        forget = rememberHelm(helm, pid)
      },
    })
  } catch (error) {
    if (signal.aborted || !worst) throw error
    throw rolloutFailure(answers.namespace, worst, cluster.flags, error)
  } finally {
    forget()
    stopWatch.abort()
    await watching
  }
}

/**
 * After a kill: ends the helm that was left behind, and the revision that it left unfinished, where that is `ours`. What has to
 * be known of that revision is read in `beforeDrop`.
 * @throws SealiftError CLUSTER_HELM_BUSY where it may be somebody else's
 */
export async function clearTheWay(
  context: Pick<InstallContext, 'answers' | 'cluster' | 'helm' | 'helmRelease' | 'status'>,
  report: Reporter,
  ours: boolean,
  beforeDrop?: () => Promise<unknown>,
): Promise<void> {
  if (await endOrphanedHelm(await context.helm())) report.warn('ended the helm that an earlier run left behind')
  const status = await context.status()
  if (status === undefined || !isUnfinished(status.status)) return
  if (!ours)
    throw new SealiftError('CLUSTER_HELM_BUSY', `release ${context.helmRelease.name} is ${status.status}`, {
      why: 'another installer may be at work, from another machine or another state directory',
      fix: `see since when: helm history ${context.helmRelease.name} --namespace ${context.answers.namespace}`,
    })
  await beforeDrop?.()
  const dropped = await dropUnfinishedRevisions(context.cluster(), context.helmRelease)
  report.warn(`dropped the unfinished revision of an earlier run: ${dropped.join(', ')}`)
}
