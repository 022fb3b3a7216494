import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import { eventsOf } from './events.ts'
import { lookAround, type PodFacts, type PodQuestions } from './pod-program.ts'
import { hindrance, type ProbePod, startProbePod, watchProbePod } from './probe-pod.ts'

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

/**
 * Has a pod on a node look around, with an image that has Node.js. A node that cannot pull tells that instead.
 * @throws SealiftError CLUSTER_POD where the pod does not start, or ends without having told
 */
export async function lookFromNode(cluster: Cluster, look: NodeLook): Promise<PodFacts | { unpulled: string }> {
  const { questions, timeout } = look
  const limits = { cpu: '500m', memory: '128Mi' }
  const pod = { ...look, command: lookAround(questions), limits }
  await startProbePod(cluster, pod)
  const ended = await watchProbePod(cluster, pod, (seen, ms) => {
    const terminated = seen.status?.containerStatuses?.[0]?.state?.terminated
    return terminated ?? hindrance(seen) ?? (ms > timeout ? 'late' : undefined)
  })
  if (ended === 'late') throw await notStarted(cluster, look, `no end after ${Math.round(timeout / 1000)} s`)
  if ('kind' in ended) {
    if (ended.kind === 'image') return { unpulled: ended.message }
    throw await notStarted(cluster, look, ended.message)
  }
  const facts = ended.exitCode === 0 ? factsIn(ended.message) : undefined
  if (facts) return facts
  throw await notStarted(cluster, look, ended.message || `it ended with exit code ${ended.exitCode}, and told nothing`)
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
