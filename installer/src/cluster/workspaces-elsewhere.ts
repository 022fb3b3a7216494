import type { Cluster } from './connection.ts'

/** Selects the objects of all workspaces. */
const labelSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=workspace'
/** On the pods of those whose image is the release's (services/manager/workspaces/objects.ts). */
const releaseImageMark = 'sealift.dev/release-image'

/** A workspace that runs from another registry than a given one. */
export interface Elsewhere {
  /** of its Deployment: `ws-<id>` */
  name: string
  image: string
  /** whether its next start takes it to the registry of the release; the site chose the image of others itself */
  follows: boolean
}

/**
 * The workspaces that are on and whose pods name an image outside `registry` (`host` or `host/prefix`), where another node
 * might not get it from. @throws SealiftError CLUSTER_*
 */
export async function workspacesElsewhere(cluster: Cluster, namespace: string, registry: string): Promise<Elsewhere[]> {
  const { items } = await cluster.request('list the workspaces', () =>
    cluster.apps.listNamespacedDeployment({ namespace, labelSelector }),
  )
  return items.flatMap(({ metadata, spec }) => {
    const image = spec?.template.spec?.containers[0]?.image
    if ((spec?.replicas ?? 1) === 0 || image === undefined || image.startsWith(`${registry}/`)) return []
    const follows = spec?.template.metadata?.annotations?.[releaseImageMark] === 'true'
    return [{ name: metadata?.name ?? '', image, follows }]
  })
}
