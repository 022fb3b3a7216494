import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import type { Cluster } from '../../cluster/connection.ts'
import { boundedLines, NewestLines } from '../bounded-lines.ts'
import { bounds } from '../bounds.ts'
import type { Collection } from '../collection.ts'
import { pathPart } from '../spool.ts'
import type { PodFacts } from './facts.ts'

export interface LogOptions {
  namespace: string
  /** only what is not older than so many seconds */
  since?: number | undefined
  /** bytes of all logs together */
  total: number
}

interface Log {
  pod: string
  container: string
  previous: boolean
}

/** Takes the logs of all containers, those of the run before the last restart too: the newest lines of each. */
export async function collectLogs(
  cluster: Cluster,
  pods: readonly PodFacts[],
  { namespace, since, total }: LogOptions,
  collection: Collection,
): Promise<void> {
  const logs = [...pods]
    .sort(byWorth)
    .flatMap(({ name: pod, containers }) =>
      containers.flatMap(({ name: container, restarts, started }): Log[] =>
        started || restarts > 0
          ? [{ pod, container, previous: false }, ...(restarts > 0 ? [{ pod, container, previous: true }] : [])]
          : [],
      ),
    )
  const taken = logs.slice(0, bounds.logs)
  const each = Math.min(bounds.file, Math.max(bounds.leastLog, Math.floor(total / Math.max(1, taken.length))))
  await atOnce(bounds.logsAtOnce, taken, (log) =>
    collection.attempt(
      `log of ${log.pod} ${log.container}${log.previous ? ' (before its restart)' : ''}`,
      bounds.log + 1000,
      (signal) => collectLog(cluster, namespace, log, { since, each, signal }, collection),
    ),
  )
  if (logs.length > taken.length)
    collection.miss(
      'logs',
      new Error(`${logs.length - taken.length} of ${logs.length} logs are not here: those of workspaces that run well`),
    )
}

/** First the platform, then what is in trouble, then the rest. */
const byWorth = (a: PodFacts, b: PodFacts): number => worth(b) - worth(a) || (a.name < b.name ? -1 : 1)
const worth = ({ ours, workspace, troubled }: PodFacts): number => (ours && !workspace ? 2 : 0) + (troubled ? 1 : 0)

async function collectLog(
  cluster: Cluster,
  namespace: string,
  { pod, container, previous }: Log,
  { since, each, signal }: { since: number | undefined; each: number; signal: AbortSignal },
  { spool, redactor, miss }: Collection,
): Promise<void> {
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    tailLines: String(bounds.logLines),
    ...(previous ? { previous: 'true' } : {}),
    ...(since === undefined ? {} : { sinceSeconds: String(since) }),
  })
  const path = `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}/log?${query}`
  const newest = new NewestLines(each)
  const clean = redactor.logLines()
  // of one that takes too long, what came counts
  const late = AbortSignal.timeout(bounds.log)
  try {
    const stream = await cluster.until(AbortSignal.any([signal, late])).open('read a log', path)
    for await (const line of boundedLines(stream, bounds.line)) newest.push(clean(line))
  } catch (error) {
    if (!late.aborted || newest.text() === '') throw error
    miss(`log of ${pod} ${container}`, new Error(`it ends early: it took longer than ${bounds.log / 1000} s`))
  }
  const text = newest.text()
  const mark = newest.dropped > 0 ? `[${newest.dropped} bytes of older lines are not here]\n` : ''
  const directory = pathPart(redactor.text(pod))
  await spool.add(
    `logs/${directory}/${pathPart(redactor.text(container))}${previous ? '.previous' : ''}.log`,
    `${mark}${text}`,
    'newest',
    newest.dropped,
  )
}
