import type { V1APIResource, V1APIResourceList } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import type { Cluster } from './connection.ts'

/** One thing that a user may do. `group` is empty for the core API; without `namespace` the whole cluster is meant. */
export interface Permission {
  verb: string
  group: string
  /** plural, with a subresource after a slash: `pods/log` */
  resource: string
  namespace?: string | undefined
}

/** Those of `wanted` that the cluster denies (SelfSubjectAccessReview). @throws SealiftError CLUSTER_* */
export async function deniedPermissions(cluster: Cluster, wanted: readonly Permission[]): Promise<Permission[]> {
  const allowed = await atOnce(6, wanted, (permission) => isAllowed(cluster, permission))
  return wanted.filter((_, i) => !allowed[i])
}

/** `create deployments.apps in cde`, as kubectl auth can-i writes it. */
export function describePermission({ verb, group, resource, namespace }: Permission): string {
  return `${verb} ${resource}${group && `.${group}`}${namespace === undefined ? ' in the whole cluster' : ` in ${namespace}`}`
}

async function isAllowed(cluster: Cluster, { verb, group, resource, namespace }: Permission): Promise<boolean> {
  const [name, subresource] = resource.split('/') as [string, string?]
  const attributes = {
    verb,
    group,
    resource: name,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  }
  const review = await cluster.request('ask what this user may do', () =>
    cluster.authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes: attributes } } }),
  )
  return review.status?.allowed === true
}

/** What the API server knows of a kind. */
export interface ApiResource {
  group: string
  resource: string
  namespaced: boolean
}

/** A lookup of kinds by discovery, one request for each group and version. Undefined where the cluster lacks the kind. */
export function apiResources(cluster: Cluster) {
  const lists = new Map<string, Promise<V1APIResource[]>>()
  return async (apiVersion: string, kind: string): Promise<ApiResource | undefined> => {
    const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion]
    let list = lists.get(apiVersion)
    if (!list) {
      list = cluster
        .find<V1APIResourceList>(`ask for the kinds of ${apiVersion}`, () =>
          group === '' ? cluster.core.getAPIResources() : cluster.custom.getAPIResources({ group, version }),
        )
        .then((found) => found?.resources ?? [])
      lists.set(apiVersion, list)
    }
    const found = (await list).find((resource) => resource.kind === kind && !resource.name.includes('/'))
    return found && { group, resource: found.name, namespaced: found.namespaced }
  }
}
