import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../../cluster/connection.ts'
import { eventsOf } from '../../cluster/events.ts'
import { hindrance, type ProbePod, startProbePod, watchProbePod } from '../../cluster/probe-pod.ts'
import { attemptCommand, type Trials } from './attempt-program.ts'
import { readAttempt } from './read-attempt.ts'
import type { Attempt, Means, Trial } from './trial.ts'

/** endpoints that a pod tries at once */
const mostAtOnce = 16
/** milliseconds for pulling the image and starting */
const starting = 180_000
/** bytes of what a pod wrote that are read */
const mostSaid = 32 * 1024 * 1024

/**
 * Has a pod try endpoints, with an image that has Node.js, and tells how each went.
 * @throws SealiftError CLUSTER_POD where it does not run to its end, or does not tell of all
 */
export async function runAttempts(
  cluster: Cluster,
  pod: Omit<ProbePod, 'command' | 'limits'>,
  { limit, ca, settle }: Pick<Means, 'limit' | 'ca'> & Pick<Trials, 'settle'>,
  trials: readonly Trial[],
  tell: (at: number, attempt: Attempt) => void,
): Promise<void> {
  const { namespace, name } = pod
  const command = attemptCommand({
    means: { limit, ca },
    trials: trials.map((trial, key) => ({ ...trial, key })),
    ...{ atOnce: mostAtOnce, settle },
  })
  await startProbePod(cluster, { ...pod, command, limits: { cpu: '500m', memory: '256Mi' } })
  // five stages of each, at the slowest
  const longest = starting + Math.ceil(trials.length / mostAtOnce) * 5 * limit
  const ended = await watchProbePod(cluster, pod, (seen, ms) => {
    const terminated = seen.status?.containerStatuses?.[0]?.state?.terminated
    return terminated ?? hindrance(seen) ?? (ms > longest ? 'late' : undefined)
  })
  if (ended === 'late') throw await failed(cluster, pod, `no end after ${Math.round(longest / 1000)} s`)
  if ('kind' in ended) throw await failed(cluster, pod, ended.message)
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`
  const said = await cluster.request(`read what pod ${namespace}/${name} wrote`, () =>
    cluster.raw<string | undefined>('GET', path, { accept: 'application/json, */*', query: { limitBytes: mostSaid } }),
  )
  const told = new Set<number>()
  for (const line of String(said ?? '').split('\n')) {
    const one = readAttempt(line)
    if (one === undefined || one.key >= trials.length || told.has(one.key)) continue
    told.add(one.key)
    tell(one.key, one.attempt)
  }
  if (told.size === trials.length) return
  const why = `it told of ${told.size} of ${trials.length} entries, and ended with ${ended.exitCode}`
  throw await failed(cluster, pod, ended.message ? `${why}: ${ended.message}` : why)
}

async function failed(
  cluster: Cluster,
  { namespace, name, node }: Pick<ProbePod, 'namespace' | 'name' | 'node'>,
  why: string,
): Promise<SealiftError> {
  const last = (await eventsOf(cluster, namespace)).findLast((event) => event.name === name && event.type === 'Warning')
  return new SealiftError(
    'CLUSTER_POD',
    `a pod that tries the allowlist does not run to its end${node === undefined ? '' : ` on node ${node}`}`,
    {
      why: last === undefined ? why : `${why}; ${last.reason}: ${last.message}`,
      fix: 'sealift preflight tells what keeps pods from running; without them: --from bastion',
    },
  )
}
