import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChartChanges } from './derive-chart.ts'

/** A release of the lab, by how it differs from what this tree builds. */
export interface ReleaseVariant {
  version: string
  /** semver range of the versions that it upgrades */
  upgradesFrom: string
  /** SQL by file name, beside the platform's own migrations */
  migrations?: Readonly<Record<string, string>>
  change?: Change
  /** why there is no way back from it, where there is none */
  noWayBack?: string
  /** major version of its database; that of this tree by default */
  postgres?: 15 | 17
  chartValues?: ChartChanges
}

/** How a release is broken; each is found out by another stage of an upgrade. */
export type Change =
  /** the manager ends at once */
  | 'crashes'
  /** the bundle is whole, and registries have all of it, but no node can unpack envproxy's image */
  | 'cannot-be-pulled'
  /** one more migration, which fails after it has changed something */
  | 'migration-fails'
  /** the manager migrates, and ends */
  | 'app-fails-after-migration'
  /** every pod becomes ready, and the first page of the dashboard answers 500 */
  | 'smoke-fails'

/** A file of those that break a release. */
export const brokenPart = (name: string): Promise<string> => readFile(join(import.meta.dirname, 'broken', name), 'utf8')

/** The SQL of a release beside the platform's own, by file name. */
export async function extraMigrations({ migrations, change }: ReleaseVariant): Promise<Record<string, string>> {
  if (change !== 'migration-fails') return { ...migrations }
  return { ...migrations, '990_fails_half_way.sql': await brokenPart('migration.sql') }
}
