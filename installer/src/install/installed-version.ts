import semver from 'semver'
import type { Cluster } from '../cluster/connection.ts'
import { type Receipt, receiptName } from './receipt.ts'

/** The version that the receipt in a namespace names; undefined where there is none, or none that can be read. */
export async function installedVersion(cluster: Cluster, namespace: string): Promise<string | undefined> {
  const map = await cluster.find('read the receipt', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: receiptName }),
  )
  try {
    const receipt = JSON.parse(map?.data?.['receipt.json'] ?? '') as Partial<Receipt> | null
    return semver.valid(receipt?.release?.version) ?? undefined
  } catch {
    return undefined
  }
}
