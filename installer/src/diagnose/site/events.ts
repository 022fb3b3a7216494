import type { Cluster } from '../../cluster/connection.ts'
import type { Collection } from '../collection.ts'
import { type ApiObject, list } from './list.ts'

interface Event extends ApiObject {
  type?: string
  reason?: string
  message?: string
  count?: number
  involvedObject?: { kind?: string; name?: string; fieldPath?: string }
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  eventTime?: string | null
  series?: { count?: number; lastObservedTime?: string }
  source?: { component?: string; host?: string }
}

/** Takes the events of the namespace, the newest last. @returns its warnings, the most frequent first */
export async function collectEvents(
  cluster: Cluster,
  namespace: string,
  { spool, redactor }: Collection,
): Promise<string[]> {
  const events: { at: string; event: Event }[] = []
  for await (const event of list(cluster, `/api/v1/namespaces/${namespace}/events`) as AsyncGenerator<Event>)
    events.push({ at: timeOf(event), event })
  events.sort((a, b) => (a.at < b.at ? -1 : 1))
  const clean = redactor.logLines()
  const lines = events.map(({ at, event }) => clean(`${at} ${describe(event)}`))
  await spool.add('cluster/events.txt', lines.map((line) => `${line}\n`).join(''), 'newest')

  const warnings = new Map<string, number>()
  for (const { event } of events)
    if (event.type === 'Warning') {
      const key = clean(
        `${event.reason} ${event.involvedObject?.kind}/${event.involvedObject?.name}: ${oneLine(event.message)}`,
      )
      warnings.set(key, (warnings.get(key) ?? 0) + countOf(event))
    }
  return [...warnings].sort((a, b) => b[1] - a[1]).map(([key, count]) => `${count}× ${key}`)
}

const timeOf = ({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: Event): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? String(metadata?.creationTimestamp ?? '')

const countOf = ({ series, count }: Event): number => series?.count ?? count ?? 1

function describe(event: Event): string {
  const { type, reason, message, involvedObject: of, source } = event
  return `${type} ${countOf(event)}× ${reason} ${of?.kind}/${of?.name}${of?.fieldPath ? ` ${of.fieldPath}` : ''} (${source?.component ?? '?'}): ${oneLine(message)}`
}

const oneLine = (text = ''): string => text.replace(/\s+/g, ' ').trim()
