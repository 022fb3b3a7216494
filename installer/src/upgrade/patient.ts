import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { Stage } from '../install/engine.ts'
import type { Reporter } from '../install/events.ts'

/** milliseconds that the API server may be away, and between two looks whether it is back; how often a stage is begun */
const limits = { away: 600_000, look: 1_000, tries: 5 }

type Context = { cluster(): Cluster; signal: AbortSignal }

/**
 * The same stages, each begun again when it failed while the API server was away (a control plane that restarts, a cable):
 * stages may be run again, and going back would need the API as well.
 */
export const patient = <C extends Context>(stages: readonly Stage<C>[]): Stage<C>[] =>
  stages.map((stage) => ({
    ...stage,
    needed: (context) => tried(context, undefined, () => stage.needed(context)),
    run: (context, report) => tried(context, report, () => stage.run(context, report)),
  }))

async function tried<C extends Context, T>(
  context: C,
  report: Reporter | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (context.signal.aborted || !(error instanceof SealiftError) || !error.code.startsWith('CLUSTER_')) throw error
      const isAway = !(await answers(context.cluster()))
      if (tries === limits.tries || (!isAway && error.code !== 'CLUSTER_UNREACHABLE')) throw error
      if (isAway) report?.warn('the Kubernetes API does not answer: waiting for it, then this begins again')
      const deadline = Date.now() + limits.away
      while (!(await answers(context.cluster()))) {
        if (Date.now() > deadline) throw error
        await setTimeout(limits.look, undefined, { signal: context.signal })
      }
      if (isAway) report?.info('the Kubernetes API answers again')
    }
}

async function answers(cluster: Cluster): Promise<boolean> {
  try {
    return (await cluster.ask('GET', '/readyz', { timeout: 5000, accept: 'text/plain' })).status === 200
  } catch {
    cluster.signal.throwIfAborted()
    return false
  }
}
