import { type KubernetesObject, PatchStrategy, type V1Namespace, type V1Secret } from '@kubernetes/client-node'
import type { Cluster } from './connection.ts'
import { type Patience, settled } from './settled.ts'

/** Who the API server says owns the fields that we set (Kubernetes, "Server-Side Apply", managers). */
export const fieldManager = 'sealift'

/**
 * Creates an object or brings it to what is given, by server-side apply: the same call again changes nothing. Fields that
 * somebody else set are taken over.
 * @throws SealiftError CLUSTER_*
 */
export async function apply(cluster: Cluster, object: KubernetesObject): Promise<void> {
  const name = `${object.kind} ${object.metadata?.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata?.name}`
  await cluster.request(`apply ${name}`, () =>
    cluster.objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply),
  )
}

/** Labels of what the installer itself makes. */
export const labels = { 'app.kubernetes.io/managed-by': 'sealift', 'app.kubernetes.io/part-of': 'cde' }

/**
 * What the API server lets into a namespace of ours (Kubernetes, "Pod Security Admission"). The version is the oldest
 * that the platform runs on, so that no upgrade of a cluster turns its pods away.
 */
export const podSecurity = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'v1.30',
}

/**
 * Creates a namespace where it is missing, and restricts it where it is not; one that is being deleted is waited for. Says
 * what it did.
 */
export async function ensureNamespace(cluster: Cluster, name: string): Promise<'created' | 'restricted' | 'present'> {
  const found = await findNamespace(cluster, name)
  if (found && isRestricted(found)) return 'present'
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...labels, ...podSecurity } },
  })
  return found ? 'restricted' : 'created'
}

/** milliseconds between two reminders of a namespace that is being deleted */
const reminder = 10_000

/**
 * A namespace that is there to stay; one that is being deleted is waited for, and Kubernetes reminded of it: by itself it comes
 * back to one with pods only after half of the longest time that any of them may take to end, however soon they did
 * (Kubernetes, pkg/controller/namespace: ResourcesRemainingError), and to one that was changed at once.
 * @throws SealiftError CLUSTER_DELETING
 */
export function findNamespace(cluster: Cluster, name: string, patience?: Patience): Promise<V1Namespace | undefined> {
  let next = 0
  const read = async () => {
    const found = await cluster.core.readNamespace({ name })
    if (found?.metadata?.deletionTimestamp === undefined || Date.now() < next) return found
    next = Date.now() + reminder
    const annotations = { 'sealift.dev/waited-for': new Date().toISOString() }
    const reminded = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } }
    // without the right to it, or too late: nothing is lost
    const { MergePatch } = PatchStrategy
    await cluster.objects.patch(reminded, undefined, undefined, fieldManager, undefined, MergePatch).catch(() => {})
    return found
  }
  return settled(cluster, `namespace ${name}`, read, patience)
}

/** Whether a namespace takes pods of the Pod Security Standard "restricted" alone. */
export const isRestricted = ({ metadata }: V1Namespace): boolean =>
  metadata?.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted'

/** Whether Sealift made an object, and may say how it is to be. */
export const isOurs = ({ metadata }: KubernetesObject): boolean =>
  metadata?.labels?.['app.kubernetes.io/managed-by'] === 'sealift'

/** Values of a Secret as text; undefined where there is no such Secret. */
export async function readSecret(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> {
  const secret = await cluster.find(`read secret ${namespace}/${name}`, () =>
    cluster.core.readNamespacedSecret({ namespace, name }),
  )
  if (!secret) return undefined
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  )
}

/** Writes a Secret; `values` is text. */
export async function applySecret(
  cluster: Cluster,
  namespace: string,
  name: string,
  type: string,
  values: Record<string, string>,
): Promise<void> {
  const data = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Buffer.from(v).toString('base64')]))
  const secret: V1Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, labels }, type, data }
  await apply(cluster, secret as KubernetesObject)
}

/** Writes a ConfigMap; `data` is text. */
export async function applyConfigMap(
  cluster: Cluster,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<void> {
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name, labels },
    data,
  } as KubernetesObject)
}
