import { bytes } from '../../amounts.ts'
import { textAt, valueAt } from '../../cluster/chart-values.ts'
import { quantity } from '../../cluster/quantity.ts'
import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine, unknown, warned } from '../line.ts'
import { releaseWorkloads } from './workloads.ts'

const subject = { id: 'database', title: 'Database volume' }
const database = /^cde-postgres-\d+$/
/** shares of the volume */
const full = { warning: 0.8, error: 0.95 }

/** How large the database's volume is, and how full, where its driver says so. */
export async function databaseLines(context: StatusContext): Promise<StatusLine[]> {
  const { cluster, namespace, release } = context
  const values = await release().then(
    (helm) => helm?.values,
    () => undefined,
  )
  if (valueAt(values, 'postgres', 'useDefault') === false)
    return [
      passed({ ...subject, title: 'Database' }, `external: ${textAt(values, 'postgres', 'host') ?? 'no host named'}`),
    ]
  // named by its major version (manifests/chart, postgres.yaml)
  const set = (await releaseWorkloads(context)).find(({ kind, name }) => kind === 'StatefulSet' && database.test(name))
  if (!set) return [unknown(subject, 'the release has no StatefulSet cde-postgres-MAJOR')]
  const pod = `${set.name}-0`
  const claim = `data-${pod}`
  const found = await cluster.find(`read persistentvolumeclaim ${namespace}/${claim}`, () =>
    cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name: claim }),
  )
  const describe = `kubectl${cluster.flags} --namespace ${namespace} describe persistentvolumeclaim ${claim}`
  if (found?.status?.phase !== 'Bound')
    return [
      failed(subject, { found: `${claim} ${found ? `is ${found.status?.phase}` : 'does not exist'}`, fix: describe }),
    ]
  const size = `${claim}, ${bytes(quantity(found.status.capacity?.storage))}`
  const use = await volumeUse(context, pod, claim)
  if (typeof use === 'string')
    return [passed(subject, size), unknown({ id: 'database-use', title: 'Database use' }, use)]
  const share = use.used / use.capacity
  const words = `${size}, ${bytes(use.used)} used (${Math.round(100 * share)} %)`
  const fix = `enlarge it, where its storage class can: postgres.storage in the values of the answers, and see: ${describe}`
  if (share >= full.error) return [failed(subject, { found: words, fix })]
  return [share >= full.warning ? warned(subject, { found: words, fix }) : passed(subject, words)]
}

interface Summary {
  pods?: {
    podRef?: { name?: string; namespace?: string }
    volume?: { pvcRef?: { name?: string }; usedBytes?: number; capacityBytes?: number }[]
  }[]
}

/** Bytes as the kubelet counts them (GET /stats/summary of the node, through the API server); else why they can't be had. */
async function volumeUse(
  { cluster, namespace, pods }: StatusContext,
  name: string,
  claim: string,
): Promise<{ used: number; capacity: number } | string> {
  try {
    const pod = (await pods()).find(({ metadata }) => metadata?.name === name)
    const node = pod?.spec?.nodeName
    if (node === undefined) return 'its pod runs on no node'
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/stats/summary`
    const summary = await cluster.request(`ask node ${node} for its volumes`, () =>
      cluster.raw<Summary>('GET', path, { timeout: 5000 }),
    )
    const volume = summary.pods
      ?.find(({ podRef }) => podRef?.namespace === namespace && podRef.name === name)
      ?.volume?.find(({ pvcRef }) => pvcRef?.name === claim)
    const { usedBytes: used, capacityBytes: capacity } = volume ?? {}
    if (!capacity || used === undefined) return 'the driver of the volume does not say it'
    return { used, capacity }
  } catch (error) {
    cluster.signal.throwIfAborted()
    return (error as Error).message
  }
}
