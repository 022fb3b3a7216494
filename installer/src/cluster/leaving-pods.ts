import { setTimeout } from 'node:timers/promises'
import type { Cluster } from './connection.ts'

/** milliseconds that a pod which leaves still serves (services/lame-duck.ts), and a bit; and between two looks */
const times = { serves: 12_000, look: 500 }

/**
 * Waits until pods of the platform that were replaced serve no longer: until then they answer beside the new ones. Those that
 * keep sessions open stay for hours, and serve nobody else.
 * @throws SealiftError CLUSTER_*
 */
export async function untilLeft(
  { core, request, signal }: Cluster,
  namespace: string,
  { serves, look } = times,
): Promise<void> {
  const labelSelector = 'app.kubernetes.io/part-of=cde'
  const list = () => core.listNamespacedPod({ namespace, labelSelector })
  const seen = new Map<string, number>()
  for (;;) {
    const { items } = await request(`list pods of ${namespace}`, list)
    const now = Date.now()
    const leaving = items.filter(
      ({ metadata }) =>
        metadata?.deletionTimestamp !== undefined && metadata.labels?.['app.kubernetes.io/component'] !== 'workspace',
    )
    for (const { metadata } of leaving) if (!seen.has(metadata?.uid ?? '')) seen.set(metadata?.uid ?? '', now)
    if (leaving.every(({ metadata }) => now - (seen.get(metadata?.uid ?? '') ?? now) >= serves)) return
    await setTimeout(look, undefined, { signal })
  }
}
