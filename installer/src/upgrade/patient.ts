import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { Stage } from '../install/engine.ts'
import type { Reporter } from '../install/events.ts'

/**
 * Milliseconds that the API server may be away, between two looks, and in which a cluster comes to itself when it is back: what
 * was not heard of meanwhile, nodes with all of their pods, counts as lost until it is heard of again. How often it may go.
 */
const usual = { away: 600_000, look: 1_000, settle: 120_000, tries: 5 }

type Context = { cluster(): Pick<Cluster, 'ask' | 'signal'>; signal: AbortSignal }

/**
 * The same stages, each begun again when it failed while the API server was away (a control plane that restarts, a cable), or
 * had just been: stages may be run again, and going back would need the API as well.
 */
export function patient<C extends Context>(stages: readonly Stage<C>[], limits = usual): Stage<C>[] {
  const outage = { ended: Number.NEGATIVE_INFINITY, limits }
  return stages.map((stage) => ({
    ...stage,
    needed: (context) => tried(context, outage, undefined, () => stage.needed(context)),
    run: (context, report) => tried(context, outage, report, () => stage.run(context, report)),
  }))
}

async function tried<C extends Context, T>(
  context: C,
  outage: { ended: number; limits: typeof usual },
  report: Reporter | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { limits } = outage
  const look = () => setTimeout(limits.look, undefined, { signal: context.signal })
  for (let tries = 1; ; )
    try {
      return await work()
    } catch (error) {
      if (context.signal.aborted || !(error instanceof SealiftError) || !error.code.startsWith('CLUSTER_')) throw error
      const isAway = !(await answers(context))
      if (!isAway && Date.now() < outage.ended + limits.settle) {
        await look()
        continue
      }
      if (tries++ === limits.tries || (!isAway && error.code !== 'CLUSTER_UNREACHABLE')) throw error
      if (isAway) report?.warn('the Kubernetes API does not answer: waiting for it, then this begins again')
      const deadline = Date.now() + limits.away
      while (!(await answers(context))) {
        if (Date.now() > deadline) throw error
        await look()
      }
      outage.ended = Date.now()
      if (isAway) report?.info('the Kubernetes API answers again')
    }
}

async function answers(context: Context): Promise<boolean> {
  const cluster = context.cluster()
  try {
    return (await cluster.ask('GET', '/readyz', { timeout: 5000, accept: 'text/plain' })).status === 200
  } catch {
    cluster.signal.throwIfAborted()
    return false
  }
}
