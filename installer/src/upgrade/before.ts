import type { KubernetesObject, V1Secret } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply, applySecret, labels, readSecret } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'

/** Name of the Secret that has the platform's Secrets as they were before its last upgrade. */
export const beforeName = 'sealift-before'

type Kept = Pick<V1Secret, 'type' | 'data'>

/** What the installer makes; those of the chart come back with it. */
const platform = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/managed-by=sealift'

async function secretsOf(cluster: Cluster, namespace: string): Promise<V1Secret[]> {
  const { items } = await cluster.request('list the secrets of the platform', () =>
    cluster.core.listNamespacedSecret({ namespace, labelSelector: platform, limit: 500 }),
  )
  return items.filter(({ metadata }) => metadata?.name !== beforeName)
}

/** Keeps the platform's Secrets as they are now, for the way back. */
export async function keepSecrets(cluster: Cluster, namespace: string): Promise<void> {
  const secrets = await secretsOf(cluster, namespace)
  const values = secrets.map(({ metadata, type = 'Opaque', data = {} }): [string, string] => {
    const kept: Kept = { type, data }
    return [metadata?.name ?? '', JSON.stringify(kept)]
  })
  await applySecret(cluster, namespace, beforeName, 'Opaque', Object.fromEntries(values))
}

/** Names of Secrets that are not as they were. @throws SealiftError UPGRADE_SECRETS where nobody knows how that was */
export async function changedSecrets(cluster: Cluster, namespace: string): Promise<string[]> {
  const [before, now] = await Promise.all([readBefore(cluster, namespace), secretsOf(cluster, namespace)])
  const there = new Map(now.map(({ metadata, data }) => [metadata?.name, JSON.stringify(sorted(data))]))
  return [...before]
    .filter(([name, { data }]) => there.get(name) !== JSON.stringify(sorted(data)))
    .map(([name]) => name)
}

/** Puts Secrets back as they were; says which. */
export async function putSecretsBack(cluster: Cluster, namespace: string): Promise<string[]> {
  const before = await readBefore(cluster, namespace)
  const changed = await changedSecrets(cluster, namespace)
  for (const name of changed) {
    const { type, data } = before.get(name) as Kept
    const metadata = { name, namespace, labels }
    await apply(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, type, data } as KubernetesObject)
  }
  return changed
}

async function readBefore(cluster: Cluster, namespace: string): Promise<Map<string, Kept>> {
  const values = await readSecret(cluster, namespace, beforeName)
  if (values === undefined)
    throw new SealiftError('UPGRADE_SECRETS', `the secrets of before the upgrade are gone: no Secret ${beforeName}`, {
      fix: 'they are in the backup too: sealift backup list',
    })
  return new Map(Object.entries(values).map(([name, text]) => [name, JSON.parse(text) as Kept]))
}

const sorted = (data: Record<string, string> = {}) => Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))
