import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { describeProblem, type PodProblem, podProblems } from './pod-problems.ts'
import { isReady, type Workload, type WorkloadState, workloadStates } from './workloads.ts'

export interface RolloutWatch {
  /** called when the number of ready pods changes */
  onProgress?: (ready: number, wanted: number) => void
  /** called once for each new problem */
  onProblem?: (problem: PodProblem) => void
  /** milliseconds between looks */
  interval?: number
}

export interface Rollout {
  states: WorkloadState[]
  problems: PodProblem[]
  /** milliseconds since which some problem has been there without a break */
  troubledFor: number
}

/** Looks at workloads again and again; ends when the consumer stops or `signal` ends. Failed looks throw. */
export async function* watchRollout(
  cluster: Cluster,
  namespace: string,
  workloads: readonly Workload[],
  watch: RolloutWatch,
  signal: AbortSignal,
): AsyncGenerator<Rollout> {
  const told = new Set<string>()
  let shown = ''
  let troubledSince: number | undefined
  while (!signal.aborted) {
    const [states, problems] = await Promise.all([
      workloadStates(cluster, namespace, workloads),
      podProblems(cluster, namespace, workloads),
    ])
    const ready = states.reduce((sum, state) => sum + Math.min(state.ready, state.wanted), 0)
    const wanted = states.reduce((sum, state) => sum + state.wanted, 0)
    if (shown !== `${ready}/${wanted}`) watch.onProgress?.(ready, wanted)
    shown = `${ready}/${wanted}`
    for (const problem of problems) {
      const key = `${problem.pod} ${problem.container} ${problem.reason}`
      if (!told.has(key)) watch.onProblem?.(problem)
      told.add(key)
    }
    troubledSince = problems.length === 0 ? undefined : (troubledSince ?? Date.now())
    yield { states, problems, troubledFor: troubledSince === undefined ? 0 : Date.now() - troubledSince }
    await setTimeout(watch.interval ?? 2000, undefined, { signal }).catch(() => {})
  }
}

/**
 * Waits until all workloads are ready. `timeout` in milliseconds.
 * @throws SealiftError CLUSTER_ROLLOUT with the reason of each pod that does not run
 */
export async function waitForRollout(
  cluster: Cluster,
  namespace: string,
  workloads: readonly Workload[],
  watch: RolloutWatch & { timeout: number },
): Promise<void> {
  const deadline = Date.now() + watch.timeout
  for await (const rollout of watchRollout(cluster, namespace, workloads, watch, cluster.signal)) {
    if (rollout.states.every(isReady)) return
    if (Date.now() > deadline) throw rolloutFailure(namespace, rollout, cluster.flags)
  }
  throw cluster.signal.reason
}

/** The error for a rollout that is not going to end. */
export function rolloutFailure(namespace: string, rollout: Rollout, flags: string, cause?: unknown): SealiftError {
  const late = rollout.states.filter((state) => !isReady(state))
  const names = late.map((s) => `${s.workload.kind}/${s.workload.name} ${s.ready} of ${s.wanted} ready`)
  const problems = rollout.problems.slice(0, 5).map(describeProblem)
  return new SealiftError('CLUSTER_ROLLOUT', `not everything runs: ${names.join(', ') || 'a pod failed'}`, {
    why: problems.join('\n') || 'no pod says why',
    fix: `kubectl${flags} --namespace ${namespace} get pods,events`,
    cause,
  })
}
