import type { KubernetesObject } from '@kubernetes/client-node'
import { connectCluster } from '../../cluster/connection.ts'
import { describeProblem, podProblems } from '../../cluster/pod-problems.ts'
import { isReady, workloadStates, workloadsOf } from '../../cluster/workloads.ts'
import { bounds } from '../bounds.ts'
import { type Collection, inTime } from '../collection.ts'
import type { Target } from '../target.ts'
import { collectEvents } from './events.ts'
import { type Facts, noFacts } from './facts.ts'
import { collectHealth } from './health.ts'
import { listableKinds } from './kinds.ts'
import { collectLogs } from './logs.ts'
import { collectObjects } from './objects.ts'
import { collectSecrets, type HelmRevision } from './secrets.ts'

/** What is known of the cluster, for the summary. */
export interface Site {
  server: string
  /** `v1.34.4` */
  kubernetes: string
  helm: HelmRevision[]
  facts: Facts
  /** what does not run, and why: one sentence each */
  problems: string[]
  warnings: string[]
}

/** workloads whose state is asked for, of the platform */
const mostWorkloads = 50

/**
 * Takes everything from the cluster, where it answers at all: one look says so, not a time limit for each part.
 * @returns undefined where it does not answer
 */
export async function collectSite(
  { namespace, ...address }: Target,
  options: { since?: number | undefined; logs: number; signal: AbortSignal; onStep(title: string): void },
  collection: Collection,
): Promise<Site | undefined> {
  const within = inTime(collection, bounds.cluster)
  const { attempt, redactor } = within
  const reached = await attempt('everything of the cluster', bounds.probe, async (own) => {
    const cluster = connectCluster(address, options.signal)
    const { version, request } = cluster.until(own)
    return { cluster, version: await request('ask for the version of Kubernetes', () => version.getCode()) }
  })
  if (!reached) return undefined
  const { cluster } = reached
  redactor.learnOwnAddressesIn(cluster.server)

  options.onStep('Objects')
  const facts = noFacts()
  // first what must not be in anything else
  const helm = await attempt('secrets, so that their values could not be looked for', bounds.kind, (own) =>
    collectSecrets(cluster.until(own), namespace, within),
  )
  await collectObjects(cluster, namespace, await listableKinds(cluster, within), facts, within)
  const warnings = await attempt('events', bounds.kind, (own) => collectEvents(cluster.until(own), namespace, within))
  const problems = await attempt('what keeps pods from running', bounds.kind, async (own) => {
    const limited = cluster.until(own)
    const workloads = workloadsOf(facts.workloads as KubernetesObject[])
    const platform = workloads.filter(
      ({ labels }) =>
        labels['app.kubernetes.io/component'] !== undefined && labels['app.kubernetes.io/component'] !== 'workspace',
    )
    const states = await workloadStates(limited, namespace, platform.slice(0, mostWorkloads))
    const late = states.filter((state) => !isReady(state))
    const pods = await podProblems(limited, namespace, workloads)
    return [
      ...late.map(({ workload, ready, wanted }) => `${workload.kind} ${workload.name}: ${ready} of ${wanted} ready`),
      ...pods.map(describeProblem),
    ]
  })
  options.onStep('Health')
  await collectHealth(cluster, namespace, facts.pods, within)
  options.onStep('Logs')
  await collectLogs(cluster, facts.pods, { namespace, since: options.since, total: options.logs }, within)
  return {
    server: cluster.server,
    kubernetes: reached.version.gitVersion,
    helm: helm ?? [],
    facts,
    problems: [...(problems ?? []), ...facts.troubles].map((line) => redactor.text(line.replace(/\s+/g, ' '))),
    warnings: warnings ?? [],
  }
}
