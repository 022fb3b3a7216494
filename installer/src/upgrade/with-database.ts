import type { Cluster } from '../cluster/connection.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open.ts'

export type DatabaseUse = <T>(work: (database: Database) => Promise<T>) => Promise<T>

/**
 * Opens the platform's database for as long as some work takes: one of the site is reached by a pod of its own, and where the
 * platform's own one runs changes with its major version.
 * @throws SealiftError CLUSTER_*; what the work throws
 */
export async function inDatabase<T>(
  cluster: Cluster,
  namespace: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(cluster, namespace)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
