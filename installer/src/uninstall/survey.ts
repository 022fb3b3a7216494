import type { V1Namespace } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { isOurs } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { HelmRelease } from '../cluster/helm.ts'
import { type Found, takeInventory } from '../cluster/inventory.ts'
import type { Kind, Unseen } from '../cluster/kinds.ts'
import { type Belongings, isData, sortOut } from './belongings.ts'

/** What is there of an installation, at one moment. */
export interface Survey extends Omit<Belongings, 'ours'> {
  namespace: 'absent' | 'present' | 'deleting'
  /** whether Sealift made the namespace */
  namespaceIsOurs: boolean
  /** what an uninstallation removes by its own hand */
  goes: Found[]
  /** data that stays, unless it is to go too */
  keeps: Found[]
  unseen: Unseen[]
}

/** Which installation is meant, and what is to become of its data. */
export interface Target {
  release: HelmRelease
  deleteData: boolean
}

/** Looks at every object of the given kinds. @throws SealiftError CLUSTER_* */
export async function survey(
  cluster: Cluster,
  kinds: readonly Kind[],
  { release, deleteData }: Target,
): Promise<Survey> {
  const namespace = await readNamespace(cluster, release.namespace)
  const [inside, outside] = await Promise.all([
    namespace === 'absent'
      ? { found: [], unseen: [] }
      : takeInventory(cluster, kinds, { namespace: release.namespace }),
    takeInventory(cluster, kinds, { selector: 'app.kubernetes.io/managed-by in (Helm,sealift)' }),
  ])
  const { ours, followers, others } = sortOut([...inside.found, ...outside.found], release)
  const going = namespace !== 'absent' && namespace !== 'unknown' && namespace.metadata?.deletionTimestamp !== undefined
  const stays = (one: Found) => !deleteData && !going && isData(one)
  return {
    namespace: namespace === 'absent' ? 'absent' : going ? 'deleting' : 'present',
    namespaceIsOurs: typeof namespace === 'object' && isOurs(namespace),
    goes: ours.filter((one) => !stays(one)),
    keeps: ours.filter(stays),
    followers,
    others,
    unseen: [...inside.unseen, ...outside.unseen],
  }
}

/** `unknown`: the user has rights in it, but may not read the namespace itself. */
async function readNamespace(cluster: Cluster, name: string): Promise<V1Namespace | 'absent' | 'unknown'> {
  try {
    return (await cluster.find(`read namespace ${name}`, () => cluster.core.readNamespace({ name }))) ?? 'absent'
  } catch (error) {
    if (error instanceof SealiftError && error.code === 'CLUSTER_FORBIDDEN') return 'unknown'
    throw error
  }
}
