import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { stringify } from 'yaml'
import type { Cluster } from '../../cluster/connection.ts'
import { statusOf } from '../../cluster/failure.ts'
import { bounds } from '../bounds.ts'
import type { Collection } from '../collection.ts'
import type { PodFacts } from './facts.ts'
import { readText } from './list.ts'

/** Asks each pod of the platform whether it is well, where it says so itself, through the API server. */
export async function collectHealth(
  cluster: Cluster,
  namespace: string,
  pods: readonly PodFacts[],
  { spool, redactor, attempt }: Collection,
): Promise<void> {
  const asked = pods
    .filter(({ ours, workspace }) => ours && !workspace)
    .flatMap(({ name, health }) => health.map((place) => ({ name, place })))
    .slice(0, 100)
  const answers = await atOnce(bounds.atOnce, asked, ({ name, place }) =>
    attempt(`health of ${name}`, bounds.kind, (signal) => ask(cluster.until(signal), namespace, name, place)),
  )
  const known = answers.filter((answer) => answer !== undefined)
  if (known.length > 0) await spool.add('cluster/health.yaml', redactor.text(stringify(known)))
}

/** `place`: `http:8080/healthz`. */
async function ask(cluster: Cluster, namespace: string, pod: string, place: string): Promise<object> {
  const [, scheme = 'http', port = '', path = '/'] = /^(https?):(\d+)(\/.*)$/.exec(place) ?? []
  const proxy = `/api/v1/namespaces/${namespace}/pods/${scheme}:${encodeURIComponent(pod)}:${port}/proxy${encodeURI(path)}`
  const begun = performance.now()
  const took = () => Math.round(performance.now() - begun)
  try {
    const body = await readText(cluster, `ask ${pod} whether it is well`, proxy, 64 * 1024)
    return { pod, path, status: 200, ms: took(), answer: body.slice(0, 2000) }
  } catch (error) {
    const { cause } = error as { cause?: { body?: string } }
    const status = statusOf(cause)
    // the proxy of the API server answers in the pod's place with 403, 404 and 502
    if (status === undefined || status === 403) throw error
    return { pod, path, status, ms: took(), answer: cause?.body?.slice(0, 2000) }
  }
}
