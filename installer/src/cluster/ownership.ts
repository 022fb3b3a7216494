import type { KubernetesObject } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from './connection.ts'
import type { HelmRelease } from './helm.ts'
import { apiResources } from './permissions.ts'
import { type Patience, settled } from './settled.ts'

/** An object that Helm would have to take from somebody. */
interface Foreign {
  kind: string
  name: string
  namespace?: string | undefined
  /** completes "is of …" */
  owner: string
  /** the Helm release that it is of */
  release?: HelmRelease
}

/** objects that an error lists */
const listed = 8

/**
 * Proves that a release may install its objects: each is missing, or is the release's own by the marks that Helm itself
 * goes by (label `app.kubernetes.io/managed-by: Helm`, annotations `meta.helm.sh/release-name` and `-namespace`). Those
 * that are being deleted are waited for. Changes nothing.
 * @throws SealiftError CLUSTER_OWNED, CLUSTER_DELETING, CLUSTER_*
 */
export async function assertOwnership(
  cluster: Cluster,
  release: HelmRelease,
  objects: readonly KubernetesObject[],
  patience?: Patience,
): Promise<void> {
  const find = apiResources(cluster)
  const seen = await atOnce(6, objects, async (object) => {
    const { apiVersion = '', kind = '', metadata = {} } = object
    const resource = await find(apiVersion, kind)
    // hooks are made anew each time and marked by nobody; a kind that the cluster lacks has no objects
    if (!resource || metadata.name === undefined || metadata.annotations?.['helm.sh/hook'] !== undefined) return []
    const namespace = resource.namespaced ? (metadata.namespace ?? release.namespace) : undefined
    const { name } = metadata
    const header = { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } }
    const read = () => cluster.objects.read(header)
    const found = await settled(cluster, `${kind} ${name}`, read, patience)
    const foreign = found && foreignTo(release, found)
    return foreign ? [{ kind, name, namespace, ...foreign }] : []
  })
  const foreign = seen.flat()
  if (foreign.length > 0) throw refusal(cluster, release, foreign)
}

/** Whose an object is, where it is not the release's own by Helm's marks. */
export function foreignTo(
  { name, namespace }: HelmRelease,
  { metadata }: KubernetesObject,
): Pick<Foreign, 'owner' | 'release'> | undefined {
  const of = {
    name: metadata?.annotations?.['meta.helm.sh/release-name'] ?? '',
    namespace: metadata?.annotations?.['meta.helm.sh/release-namespace'] ?? '',
  }
  const manager = metadata?.labels?.['app.kubernetes.io/managed-by']
  if (manager !== 'Helm' || !of.name) return { owner: manager && manager !== 'Helm' ? manager : 'no Helm release' }
  if (of.name === name && of.namespace === namespace) return undefined
  return { owner: `release ${of.name} in namespace ${of.namespace}`, release: of }
}

function refusal({ flags }: Cluster, { name, namespace }: HelmRelease, foreign: readonly Foreign[]): SealiftError {
  const lines = foreign.slice(0, listed).map((one) => `${one.kind} ${one.name} is of ${one.owner}`)
  const more = foreign.length > listed ? [`${foreign.length - listed} more like it`] : []
  const [first] = foreign as [Foreign]
  const where = first.namespace === undefined ? '' : ` --namespace ${first.namespace}`
  const other = foreign.find(({ release }) => release !== undefined)?.release
  return new SealiftError(
    'CLUSTER_OWNED',
    `release ${name} in namespace ${namespace} would take over ${foreign.length === 1 ? 'an object' : `${foreign.length} objects`} of somebody else`,
    {
      why: [...lines, ...more].join('; '),
      fix: other
        ? `see what that release is: helm status ${other.name} --namespace ${other.namespace}; if nobody needs it: helm uninstall ${other.name} --namespace ${other.namespace}`
        : `see what it is: kubectl${flags} get ${first.kind} ${first.name}${where} --output yaml; if nobody needs it, delete it`,
    },
  )
}
