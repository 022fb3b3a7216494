import { type KubernetesObject, PatchStrategy, type V1Secret } from '@kubernetes/client-node'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { fieldManager } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { damagedBackup } from './fault.ts'

const texts = Type.Record(Type.String({ maxLength: 400 }), Type.String())
const secrets = Type.Array(
  Type.Object({
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$' }),
    type: Type.String({ maxLength: 253 }),
    labels: texts,
    annotations: texts,
    /** values in base64 */
    data: texts,
  }),
)
export type KeptSecret = Static<typeof secrets>[number]

/** bytes of all Secrets of a backup, as JSON */
const most = 64 * 1024 * 1024

/**
 * The Secrets of an installation: those that the chart and the installer make, and the site's own that it uses. Not what
 * Kubernetes and Helm keep for themselves.
 * @throws SealiftError CLUSTER_*
 */
export async function readSecrets(cluster: Cluster, namespace: string): Promise<KeptSecret[]> {
  const list = () => cluster.core.listNamespacedSecret({ namespace })
  const { items } = await cluster.request(`list secrets of ${namespace}`, list)
  return items.filter(isKept).map(({ metadata, type = 'Opaque', data = {} }) => ({
    name: metadata?.name ?? '',
    type,
    labels: metadata?.labels ?? {},
    annotations: without(metadata?.annotations ?? {}, 'kubectl.kubernetes.io/last-applied-configuration'),
    data,
  }))
}

const isKept = ({ metadata, type }: V1Secret): boolean =>
  metadata?.deletionTimestamp === undefined &&
  metadata?.ownerReferences === undefined &&
  !/^(helm\.sh\/release|kubernetes\.io\/service-account-token|bootstrap\.kubernetes\.io)/.test(type ?? '') &&
  metadata?.labels?.owner !== 'helm'

const without = (all: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => key !== name))

/** Reads what `readSecrets` gave. @throws SealiftError BACKUP_DAMAGED; what reading throws */
export async function parseSecrets(bytes: AsyncIterable<Uint8Array>, path: string): Promise<KeptSecret[]> {
  const text = await wholeText(bytes, most, path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (!Value.Check(secrets, value)) throw damagedBackup(path, 'its secrets are not as we write them')
  return value
}

/** Text that is not larger than it may be. @throws SealiftError BACKUP_DAMAGED */
export async function wholeText(bytes: AsyncIterable<Uint8Array>, limit: number, path: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > limit) throw damagedBackup(path, `one of its documents is larger than ${limit} bytes`)
    chunks.push(Uint8Array.from(chunk))
  }
  return Buffer.concat(chunks).toString()
}

/**
 * Brings Secrets back to what they were, and leaves those alone that are as they were. Returns the names of those that were not.
 * @throws SealiftError CLUSTER_*
 */
export async function putBackSecrets(
  cluster: Cluster,
  namespace: string,
  wanted: readonly KeptSecret[],
): Promise<string[]> {
  const there = new Map((await readSecrets(cluster, namespace)).map((secret) => [secret.name, secret]))
  const changed: string[] = []
  for (const secret of wanted) {
    const found = there.get(secret.name)
    if (found && found.type === secret.type && sameTexts(found.data, secret.data)) continue
    await putBack(cluster, namespace, secret, found)
    changed.push(secret.name)
  }
  return changed
}

export const sameTexts = (a: Record<string, string>, b: Record<string, string>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)

async function putBack(
  cluster: Cluster,
  namespace: string,
  { name, type, labels, annotations, data }: KeptSecret,
  found: KeptSecret | undefined,
): Promise<void> {
  const { core, objects } = cluster
  const doing = (verb: string) => `${verb} secret ${namespace}/${name}`
  const object: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name, labels, annotations },
    type,
    data,
  }
  if (found && found.type === type) {
    const gone = Object.keys(found.data).filter((key) => !(key in data))
    const patch = { ...object, data: { ...data, ...Object.fromEntries(gone.map((key) => [key, null])) } }
    const merge = PatchStrategy.MergePatch
    await cluster.request(doing('patch'), () =>
      objects.patch(patch as KubernetesObject, undefined, undefined, fieldManager, undefined, merge),
    )
    return
  }
  // a type cannot be changed
  if (found) await cluster.find(doing('delete'), () => core.deleteNamespacedSecret({ namespace, name }))
  await cluster.request(doing('create'), () => core.createNamespacedSecret({ namespace, body: object, fieldManager }))
}
