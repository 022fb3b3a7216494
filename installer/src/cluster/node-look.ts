import type { V1ContainerState, V1Pod } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { eventsOf } from './events.ts'
import { lookAround, type PodFacts, type PodQuestions } from './pod-program.ts'
import { type ProbePod, startProbePod, watchProbePod } from './probe-pod.ts'

export interface NodeLook extends Pick<ProbePod, 'namespace' | 'name' | 'image' | 'pullSecret'> {
  node: string
  questions: PodQuestions
  /** milliseconds */
  timeout: number
}

/** What pods told of their nodes. */
export interface NodesSeen {
  told: { node: string; facts: PodFacts }[]
  /** nodes that could not pull the image, in the words of the kubelet */
  unpulled: { node: string; message: string }[]
  /** nodes that were not asked, since there are many */
  others: number
}

/** not ErrImagePull: the first failure of a pull may be a hiccup */
const noImage = new Set(['ImagePullBackOff', 'InvalidImageName'])
const noStart = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/**
 * Has a pod on a node look around, with an image that has Node.js. A node that cannot pull tells that instead.
 * @throws SealiftError CLUSTER_POD where the pod does not start, or ends without having told
 */
export async function lookFromNode(cluster: Cluster, look: NodeLook): Promise<PodFacts | { unpulled: string }> {
  const { questions, timeout } = look
  const limits = { cpu: '500m', memory: '128Mi' }
  const pod = { ...look, command: lookAround(questions), limits }
  await startProbePod(cluster, pod)
  const ended = await watchProbePod(cluster, pod, (seen, ms) => endOf(seen) ?? (ms > timeout ? 'late' : undefined))
  if (ended === 'late') throw await notStarted(cluster, look, `no end after ${Math.round(timeout / 1000)} s`)
  const { waiting, terminated } = ended
  if (noImage.has(waiting?.reason ?? '')) return { unpulled: waiting?.message ?? waiting?.reason ?? '' }
  if (terminated?.exitCode === 0) {
    const facts = factsIn(terminated.message)
    if (facts) return facts
  }
  const said = waiting?.message || waiting?.reason || terminated?.message
  throw await notStarted(cluster, look, said || `it ended with exit code ${terminated?.exitCode}, and told nothing`)
}

/** The state of a container that does not go on by itself. */
function endOf({ status }: V1Pod): V1ContainerState | undefined {
  const state = status?.containerStatuses?.[0]?.state
  const reason = state?.waiting?.reason ?? ''
  if (state?.terminated || noStart.has(reason) || noImage.has(reason)) return state
  // the kubelet refused it before there was a container
  if (status?.phase === 'Failed') return { waiting: { message: status.message ?? status.reason ?? 'it was refused' } }
  return undefined
}

/** Undefined where a message is not what the program leaves. */
function factsIn(message = ''): PodFacts | undefined {
  try {
    const facts: PodFacts = JSON.parse(message)
    const whole =
      Array.isArray(facts.names) && facts.names.every(({ addresses }) => Array.isArray(addresses)) && facts.inotify
    return whole && facts.registry && facts.api ? facts : undefined
  } catch {
    return undefined
  }
}

async function notStarted(cluster: Cluster, { namespace, name, node }: NodeLook, why: string): Promise<SealiftError> {
  const events = (await eventsOf(cluster, namespace)).filter((event) => event.name === name && event.type === 'Warning')
  const last = events.at(-1)
  return new SealiftError('CLUSTER_POD', `on node ${node} a pod does not run to its end`, {
    why: last === undefined ? why : `${why}; ${last.reason}: ${last.message}`,
    fix: `look at the node, its container runtime and its network plugin: kubectl${cluster.flags} describe node ${node}`,
  })
}
