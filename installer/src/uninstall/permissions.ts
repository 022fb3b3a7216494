import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { HelmStatus } from '../cluster/helm.ts'
import { deniedPermissions, describePermission, type Permission } from '../cluster/permissions.ts'
import { renderedObjects } from '../coverage/rendered-yaml.ts'
import type { Survey } from './survey.ts'

/** Kinds that every installation has objects of, whatever its chart says: the installer's and the manager's. */
const always = [
  ...['ConfigMap', 'PersistentVolumeClaim', 'Pod', 'Secret', 'Service', 'ServiceAccount'].map((kind) => ` ${kind}`),
  'apps Deployment',
]

/**
 * Proves that this user may see all that the installation has, and remove what is to go. Changes nothing.
 * @throws SealiftError CLUSTER_FORBIDDEN with every right that is missing
 */
export async function assertMayRemove(
  cluster: Cluster,
  { goes, followers, unseen }: Survey,
  release: { namespace: string; history: HelmStatus | undefined; removesNamespace: boolean },
): Promise<void> {
  const needed = new Set([...always, ...manifestKinds(release.history)])
  const within = (namespaced: boolean) => (namespaced ? { namespace: release.namespace } : {})
  const hidden = unseen.flatMap(({ forbidden }): Permission[] =>
    forbidden && needed.has(`${forbidden.group} ${forbidden.kind}`)
      ? [{ verb: 'list', group: forbidden.group, resource: forbidden.resource, ...within(forbidden.namespaced) }]
      : [],
  )
  const pods = followers.filter(({ kind }) => kind.resource === 'pods')
  const wanted = new Map<string, Permission>()
  for (const { kind } of [...goes, ...pods]) {
    const { group, resource, namespaced } = kind
    wanted.set(`${resource}.${group}`, { verb: 'delete', group, resource, ...within(namespaced) })
  }
  if (release.removesNamespace) wanted.set('namespaces.', { verb: 'delete', group: '', resource: 'namespaces' })
  const denied = [...hidden, ...(await deniedPermissions(cluster, [...wanted.values()]))]
  const [first] = denied
  if (!first) return
  throw new SealiftError('CLUSTER_FORBIDDEN', `this user may not ${describePermission(first)}`, {
    why: `nothing was removed${denied.length > 1 ? `; nor may it: ${denied.slice(1, 12).map(describePermission).join(', ')}` : ''}`,
    fix: `let an administrator grant it, then check: kubectl${cluster.flags} auth can-i ${first.verb} ${first.resource}${first.group && `.${first.group}`}${first.namespace === undefined ? '' : ` --namespace ${first.namespace}`}`,
  })
}

/** `group Kind` of what the chart installed; empty where that can't be read. */
function manifestKinds(history: HelmStatus | undefined): string[] {
  try {
    return renderedObjects(history?.manifest ?? '').map(
      ({ apiVersion, kind }) => `${apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : ''} ${kind}`,
    )
  } catch {
    return []
  }
}
