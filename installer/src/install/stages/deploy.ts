import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { helmUpgrade } from '../../cluster/helm.ts'
import { endOrphanedHelm, rememberHelm } from '../../cluster/helm-orphan.ts'
import { dropUnfinishedRevisions, isUnfinished } from '../../cluster/helm-record.ts'
import { describeProblem } from '../../cluster/pod-problems.ts'
import { type Rollout, rolloutFailure, watchRollout } from '../../cluster/rollout.ts'
import { workloadsOf } from '../../cluster/workloads.ts'
import type { InstallContext } from '../context.ts'
import { deploymentNote, isDeployed } from '../deployed.ts'
import type { Stage } from '../engine.ts'
import type { Reporter } from '../events.ts'

/** milliseconds after which a problem that stays counts as final: an image that can't be pulled, anything else */
const patience = { image: 60_000, other: 240_000 }

export const deployStage: Stage<InstallContext> = {
  id: 'deploy',
  title: 'Install the chart',
  inPlace: 'this release runs with these values',
  needed: async (context) => !(await isDeployed(context)),
  run: (context, report) => deploy(context, report, { values: context.values(), description: deploymentNote(context) }),
}

/** Stages that install the chart: what is left of one that was killed is their own to clear away. */
const deploying: ReadonlySet<string> = new Set(['deploy', 'database-server'])

/**
 * Installs the chart with these values, and tells while that goes on what is wrong with its pods.
 * @throws SealiftError CLUSTER_ROLLOUT, CLUSTER_HELM_*, CLUSTER_*
 */
export async function deploy(
  context: InstallContext,
  report: Reporter,
  { values, description }: { values: Record<string, unknown>; description: string },
): Promise<void> {
  const { answers, helmRelease, signal, timeout } = context
  const helm = await context.helm()
  await clearTheWay(context, report)
  const cluster = context.cluster()
  const workloads = workloadsOf(await context.objects())
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
      const image = rollout.problems.some((problem) => /Image/.test(problem.reason))
      if (rollout.troubledFor > (image ? patience.image : patience.other)) stopHelm.abort()
    }
  })().catch((error: Error) => report.warn(`cannot watch the pods: ${error.message}`))
  let forget = () => {}
  try {
    await helmUpgrade(
      helm,
      answers,
      helmRelease,
      { chart: await context.chart(), values },
      {
        signal: stopHelm.signal,
        // what an interrupted run has installed is what the next one goes on with
        kill: signal,
        timeout,
        description,
        onLine: (line) => report.info(line),
        onStart: (pid) => {
          forget = rememberHelm(helm, pid)
        },
      },
    )
  } catch (error) {
    if (signal.aborted || !worst) throw error
    const failure = rolloutFailure(answers.namespace, worst, cluster.flags, error)
    throw new SealiftError(failure.code, `${failure.message}; Helm has taken the installation back`, failure)
  } finally {
    forget()
    stopWatch.abort()
    await watching
  }
}

/** After a kill: ends the helm that was left behind, and the revision that it left unfinished. */
async function clearTheWay(context: InstallContext, report: Reporter): Promise<void> {
  if (await endOrphanedHelm(await context.helm())) report.warn('ended the helm that an earlier run left behind')
  const status = await context.status()
  if (status === undefined || !isUnfinished(status.status)) return
  const ours = context.earlier.some((entry) => deploying.has(entry.stage) && entry.event === 'start')
  if (!ours)
    throw new SealiftError('CLUSTER_HELM_BUSY', `release ${context.helmRelease.name} is ${status.status}`, {
      why: 'another installer may be at work, from another machine or another state directory',
      fix: `see since when: helm history ${context.helmRelease.name} --namespace ${context.answers.namespace}`,
    })
  const dropped = await dropUnfinishedRevisions(context.cluster(), context.helmRelease)
  report.warn(`dropped the unfinished revision of an earlier run: ${dropped.join(', ')}`)
}
