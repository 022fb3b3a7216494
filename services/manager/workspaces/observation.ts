import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import type { Observation } from './engine.ts'

/** Reasons why a container waits that no amount of waiting cures without somebody's help. */
const hopeless = new Set(['InvalidImageName', 'ErrImageNeverPull'])

/** Reasons that the kubelet tries again by itself: somebody's help is needed only when they outlive a few attempts. */
const retried = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

/** How long Kubernetes may try again before it counts as a failure, in milliseconds: its second retry is after 30 s. */
const patience = 35_000

/** What a workspace's Deployment and pods say about it at the time `now`, in milliseconds since 1970. */
export function observation(
  deployment: V1Deployment | undefined,
  pods: readonly V1Pod[],
  now: number = Date.now(),
): Observation {
  if (deployment === undefined) return { seen: 'absent' }
  const { status } = deployment
  const obstacles = pods
    .filter((pod) => pod.metadata?.deletionTimestamp === undefined)
    .map((pod) => podObstacle(pod, now))
  for (const { type, status: value, message = type, lastTransitionTime } of status?.conditions ?? []) {
    // no pod can be made (ReplicaFailure: tried again by the ReplicaSet), or none became ready in time
    if (type === 'ReplicaFailure' && value === 'True')
      obstacles.push({ message, final: isOver(lastTransitionTime, now) })
    if (type === 'Progressing' && value === 'False') obstacles.push({ message, final: true })
  }
  const obstacle = obstacles.find((one) => one?.final) ?? obstacles.find((one) => one !== undefined)
  const current = (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  return {
    seen: 'present',
    // of the pod that the newest template asks for, not of one that is on its way out
    ready: current && (status?.readyReplicas ?? 0) > 0 && (status?.updatedReplicas ?? 0) > 0,
    off: (deployment.spec?.replicas ?? 1) === 0 && pods.length === 0,
    ...(obstacle === undefined ? {} : { [obstacle.final ? 'failure' : 'progress']: obstacle.message }),
  }
}

const isOver = (since: Date | string | undefined, now: number): boolean =>
  since === undefined || now - new Date(since).getTime() > patience

/** What keeps a pod from being ready; `final` when waiting longer will not help. */
function podObstacle({ status }: V1Pod, now: number): { message: string; final: boolean } | undefined {
  const unscheduled = status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'False')
  if (unscheduled !== undefined)
    return { message: `waiting for a node: ${unscheduled.message ?? 'none fits yet'}`, final: false }
  for (const { state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {}
    if (reason === undefined) continue
    const failing = hopeless.has(reason) || retried.has(reason)
    return {
      message: failing ? `${reason}: ${message ?? 'the container does not start'}` : reason,
      final: hopeless.has(reason) || (retried.has(reason) && isOver(status?.startTime, now)),
    }
  }
  return undefined
}
