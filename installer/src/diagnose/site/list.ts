import type { Cluster } from '../../cluster/connection.ts'
import { bounds } from '../bounds.ts'

/** An object of Kubernetes of any kind, as the API gives it. */
export interface ApiObject {
  apiVersion?: string
  kind?: string
  metadata?: {
    name?: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    creationTimestamp?: unknown
  }
  [field: string]: unknown
}

interface Page {
  apiVersion?: string
  kind?: string
  items?: ApiObject[]
  metadata?: { continue?: string }
}

/**
 * The objects at a path of the API, page by page, each with its kind (which lists leave out). Ends at `bounds.objects`.
 * @throws SealiftError CLUSTER_*
 */
export async function* list(cluster: Cluster, path: string, selector?: string): AsyncGenerator<ApiObject> {
  let next = ''
  let count = 0
  do {
    const query = new URLSearchParams({
      limit: String(bounds.page),
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(next === '' ? {} : { continue: next }),
    })
    const page = await readJson<Page>(cluster, `list ${path}`, `${path}?${query}`)
    const kind = page.kind?.replace(/List$/, '')
    for (const item of page.items ?? []) {
      yield { apiVersion: page.apiVersion, kind, ...item } as ApiObject
      if (++count >= bounds.objects) return
    }
    next = page.metadata?.continue ?? ''
  } while (next !== '')
}

/** One JSON document at a path of the API. @throws SealiftError CLUSTER_*, Error where it is none or too large */
export async function readJson<T>(cluster: Cluster, doing: string, path: string): Promise<T> {
  return JSON.parse(await readText(cluster, doing, path, bounds.answer)) as T
}

/** The text at a path of the API. @throws SealiftError CLUSTER_*, Error where it is longer than `most` bytes */
export async function readText(cluster: Cluster, doing: string, path: string, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await cluster.open(doing, path)) {
    size += (chunk as Buffer).length
    if (size > most) throw new Error(`the answer is larger than ${most} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}
