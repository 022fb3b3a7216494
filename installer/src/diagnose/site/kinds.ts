import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import type { Cluster } from '../../cluster/connection.ts'
import { bounds } from '../bounds.ts'
import type { Collection } from '../collection.ts'
import { readJson } from './list.ts'

/** A kind of objects that the cluster has. */
export interface Kind {
  /** `apps/v1`, `v1` */
  groupVersion: string
  group: string
  /** plural */
  resource: string
  namespaced: boolean
}

interface Version {
  groupVersion?: string
}
interface GroupList {
  groups?: { preferredVersion?: Version; versions?: Version[] }[]
}
interface ResourceList {
  resources?: { name?: string; namespaced?: boolean; verbs?: string[] }[]
}

/** read in their own way, or copies of others */
const elsewhere = new Set([
  'events',
  'events.events.k8s.io',
  'secrets',
  'pods.metrics.k8s.io',
  'nodes.metrics.k8s.io',
  'componentstatuses',
])

/** All kinds that can be listed, by discovery, each in its preferred version. A group that does not answer is noted. */
export async function listableKinds(cluster: Cluster, { attempt }: Collection): Promise<Kind[]> {
  const groups = await attempt('the groups of the API', bounds.kind, (signal) =>
    readJson<GroupList>(cluster.until(signal), 'ask for the groups of the API', '/apis'),
  )
  const versions = [
    'v1',
    ...(groups?.groups ?? []).flatMap(
      ({ preferredVersion, versions = [] }) => (preferredVersion ?? versions[0])?.groupVersion ?? [],
    ),
  ].filter((version) => /^(?:[a-z0-9.-]+\/)?v[a-z0-9]+$/.test(version))
  const found = await atOnce(bounds.atOnce, versions, async (groupVersion) => {
    const path = pathOf(groupVersion)
    const answer = await attempt(`the kinds of ${groupVersion}`, bounds.kind, (signal) =>
      readJson<ResourceList>(cluster.until(signal), `ask for the kinds of ${groupVersion}`, path),
    )
    const group = groupVersion.includes('/') ? (groupVersion.split('/', 1)[0] as string) : ''
    return (answer?.resources ?? []).flatMap(({ name = '', namespaced = false, verbs }): Kind[] =>
      /^[a-z0-9]+$/.test(name) && (verbs ?? []).includes('list')
        ? [{ groupVersion, group, resource: name, namespaced }]
        : [],
    )
  })
  return found.flat().filter((kind) => !elsewhere.has(nameOf(kind)))
}

export const pathOf = (groupVersion: string): string =>
  groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`

/** `deployments.apps`, as kubectl names kinds. */
export const nameOf = ({ resource, group }: Pick<Kind, 'resource' | 'group'>): string =>
  group === '' ? resource : `${resource}.${group}`
