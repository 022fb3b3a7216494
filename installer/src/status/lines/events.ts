import type { CoreV1Event, V1Pod } from '@kubernetes/client-node'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, warned } from '../line.ts'

const subject = { id: 'events', title: 'Recent warnings' }
/** milliseconds that an event counts, and events that are shown */
const window = 3_600_000
const shown = 5

/**
 * Warnings of the last hour that still matter: what happened to a pod that is ready by now, or gone, does not.
 */
export async function eventLines({ cluster, namespace, pods }: StatusContext): Promise<StatusLine[]> {
  const [{ items }, there] = await Promise.all([
    cluster.request('list events', () =>
      cluster.core.listNamespacedEvent({ namespace, fieldSelector: 'type=Warning', limit: 1000 }),
    ),
    pods(),
  ])
  const troubled = new Set(there.filter((pod) => !isReadyPod(pod)).map(({ metadata }) => metadata?.name))
  const recent = items
    .filter((event) => event.type === 'Warning' && timeOf(event) > Date.now() - window)
    .filter(({ involvedObject: { kind, name } }) => kind !== 'Pod' || troubled.has(name))
    .sort((a, b) => timeOf(b) - timeOf(a))
  const words = new Set(
    recent.map(({ involvedObject: { kind, name }, reason, message }) => `${kind} ${name}: ${reason}: ${message}`),
  )
  if (words.size === 0) return [passed(subject, 'none that still matters')]
  const more = words.size > shown ? [`${words.size - shown} more`] : []
  return [
    warned(subject, {
      found: [...[...words].slice(0, shown), ...more].join('\n'),
      fix: `kubectl${cluster.flags} --namespace ${namespace} get events --sort-by=.lastTimestamp`,
    }),
  ]
}

const isReadyPod = ({ status }: V1Pod): boolean =>
  status?.phase === 'Succeeded' ||
  !!status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')

const timeOf = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime()
