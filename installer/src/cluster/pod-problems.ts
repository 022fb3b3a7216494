import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import type { Workload } from './workloads.ts'

/** Why a pod does not run, in the kubelet's or the scheduler's own words. */
export interface PodProblem {
  pod: string
  /** absent where the whole pod is meant */
  container?: string
  /** `ImagePullBackOff`, `CrashLoopBackOff`, `Unschedulable`, … */
  reason: string
  message: string
  /** the last lines that the container wrote before it ended */
  log?: string
}

const waitingReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

/** What keeps the pods of workloads from running. Empty where nothing does, or nothing does yet. @throws SealiftError CLUSTER_* */
export async function podProblems(
  cluster: Cluster,
  namespace: string,
  workloads: readonly Workload[],
): Promise<PodProblem[]> {
  const { items } = await cluster.request(`list pods of ${namespace}`, () =>
    cluster.core.listNamespacedPod({ namespace, limit: 500 }),
  )
  const ours = items.filter(
    (pod) => !pod.metadata?.deletionTimestamp && workloads.some((workload) => matches(workload, pod)),
  )
  return (await Promise.all(ours.map((pod) => problemsOf(cluster, pod)))).flat()
}

/** One problem as one sentence. */
export function describeProblem(problem: PodProblem): string {
  const who = problem.container ? `${problem.pod} (${problem.container})` : problem.pod
  const said = problem.log ? `; its last lines: ${problem.log.trim().split('\n').slice(-4).join(' | ')}` : ''
  return `pod ${who}: ${problem.reason}: ${problem.message}${said}`
}

const matches = (workload: Workload, pod: V1Pod): boolean => {
  const wanted = Object.entries(workload.labels)
  return wanted.length > 0 && wanted.every(([key, value]) => pod.metadata?.labels?.[key] === value)
}

async function problemsOf(cluster: Cluster, pod: V1Pod): Promise<PodProblem[]> {
  const name = pod.metadata?.name ?? ''
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable')
    return [{ pod: name, reason: 'Unschedulable', message: scheduled.message ?? '' }]
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const problems = await Promise.all(statuses.map((status) => problemOf(cluster, pod, status)))
  return problems.filter((problem) => problem !== undefined)
}

async function problemOf(cluster: Cluster, pod: V1Pod, status: V1ContainerStatus): Promise<PodProblem | undefined> {
  const name = pod.metadata?.name ?? ''
  const waiting = status.state?.waiting
  const ended = status.state?.terminated ?? status.lastState?.terminated
  const failing = ended !== undefined && ended.exitCode !== 0 && !status.ready
  if (!failing && !waitingReasons.has(waiting?.reason ?? '')) return undefined
  const reason = waiting?.reason && waitingReasons.has(waiting.reason) ? waiting.reason : (ended?.reason ?? 'Error')
  const exit = ended && `exit code ${ended.exitCode} (${ended.reason ?? 'no reason'}), ${status.restartCount} restarts`
  const log = failing ? await lastLines(cluster, pod, status) : ''
  return {
    pod: name,
    container: status.name,
    reason,
    message: [exit, ended?.message, exit ? undefined : waiting?.message].filter(Boolean).join('; '),
    ...(log ? { log } : {}),
  }
}

/** The last 10 lines, at most 4 KiB, of the container's run that ended; empty where they can't be had. */
async function lastLines(cluster: Cluster, pod: V1Pod, status: V1ContainerStatus): Promise<string> {
  const name = pod.metadata?.name ?? ''
  const namespace = pod.metadata?.namespace ?? ''
  const options = { name, namespace, container: status.name, tailLines: 10, limitBytes: 4096 }
  const previous = status.state?.terminated === undefined
  return await cluster
    .request(`read the log of ${name}`, () => cluster.core.readNamespacedPodLog({ ...options, previous }))
    .catch(() => '')
}
