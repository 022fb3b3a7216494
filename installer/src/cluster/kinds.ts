import type { V1APIGroup, V1APIGroupList, V1APIResourceList } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'

/** A kind that the API server knows. */
export interface Kind {
  apiVersion: string
  /** empty for the core API */
  group: string
  kind: string
  /** plural, as it stands in paths */
  resource: string
  namespaced: boolean
}

/** Something that could not be looked at. */
export interface Unseen {
  /** completes "could not look at …" */
  what: string
  why: string
  /** the API server does not let this user look */
  forbidden?: Kind
}

/**
 * Every kind whose objects can be listed and deleted, once, in the version that the server prefers. What can't be deleted is
 * made up from something else (metrics, component statuses), so nothing can be left of it. A group that does not answer (an
 * aggregated API that is down) is told, not thrown.
 * @throws SealiftError CLUSTER_*
 */
export async function removableKinds(cluster: Cluster): Promise<{ kinds: Kind[]; unseen: Unseen[] }> {
  const { groups } = await cluster.request('ask which APIs there are', () =>
    cluster.raw<V1APIGroupList>('GET', '/apis'),
  )
  const versions = ['v1', ...groups.flatMap(versionsOf)]
  const unseen: Unseen[] = []
  const lists = await atOnce(8, versions, async (apiVersion) => {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    try {
      const found = await cluster.find(`ask for the kinds of ${apiVersion}`, () =>
        cluster.raw<V1APIResourceList>('GET', path),
      )
      return (found?.resources ?? []).map((resource) => ({ apiVersion, ...resource }))
    } catch (error) {
      cluster.signal.throwIfAborted()
      unseen.push({ what: `the kinds of ${apiVersion}`, why: (error as SealiftError).why ?? (error as Error).message })
      return []
    }
  })
  const kinds = new Map<string, Kind>()
  for (const { apiVersion, kind, name, namespaced, verbs } of lists.flat()) {
    if (name.includes('/') || !verbs.includes('list') || !verbs.includes('delete')) continue
    const group = apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] as string) : ''
    const key = `${name}.${group}`
    if (!kinds.has(key)) kinds.set(key, { apiVersion, group, kind, resource: name, namespaced })
  }
  return { kinds: [...kinds.values()], unseen }
}

/** The versions of a group, the preferred one first. */
const versionsOf = ({ preferredVersion, versions }: V1APIGroup): string[] => [
  ...new Set([preferredVersion, ...versions].flatMap((version) => (version ? [version.groupVersion] : []))),
]

/** The path of all objects of a kind, or of one. */
export function pathOf({ apiVersion, resource, namespaced }: Kind, namespace?: string, name?: string): string {
  const start = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const words = [...(namespaced && namespace !== undefined ? ['namespaces', namespace] : []), resource]
  return [start, ...[...words, ...(name === undefined ? [] : [name])].map(encodeURIComponent)].join('/')
}
