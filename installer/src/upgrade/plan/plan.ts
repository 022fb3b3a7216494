import type { ReleaseMigration } from '@sealift/bundle-spec/migrations.ts'
import type { UpgradeRecord } from '../record.ts'
import type { PlannedAllowlist } from './allowlist.ts'
import type { PlannedImage } from './images.ts'
import type { ObjectPlan } from './objects/object-plan.ts'
import type { ValueChange } from './values.ts'

/** A migration to come, with the tables that it rewrites as they are now. */
export interface PlannedMigration extends ReleaseMigration {
  sizes: { table: string; bytes: number; rows: number }[]
}

/** What one step would do. Sizes are bytes, times milliseconds. */
export interface StepPlan {
  from: string
  to: string
  /** digest of the release manifest */
  digest: string
  images: PlannedImage[]
  /** what each node has to pull at most: nodes name only some of the images that they have */
  pulls: { node: string; bytes: number; images: string[] }[]
  /** `unknown`: the release does not list them */
  migrations: PlannedMigration[] | 'unknown'
  /** where another major version of PostgreSQL comes: the data goes by dump and restore into a volume of `storage` bytes */
  postgres?: { from: number; to: number; storage: number }
  /** nobody can write from the backup to the end of the step */
  writesStop: boolean
  /** what cannot be taken back, in sentences */
  irreversible: string[]
  /** why there is no way back from it, not by a backup either */
  noWayBack?: string
  /** `writesStop`: how much of it nobody can write */
  time: { total: number; stages: Record<string, number>; guessed: boolean; writesStop: number }
}

/** What an upgrade would do, before it does anything; plain data, without secrets. */
export interface UpgradePlan {
  name: string
  from: string
  /** the last release of the way */
  to: string
  /** releases that were named and are not on the way */
  unused: string[]
  /** an upgrade that was begun and not ended: this goes on with it, and says no more */
  unfinished?: Pick<UpgradeRecord, 'direction' | 'started' | 'host'> & { from: string; to: string }
  steps: StepPlan[]
  database?: { bytes: number; major: number; own: boolean }
  backup?: { directory: string /** at most, of each step */; bytes: number; free: number }
  /** of the first step: what it does to the objects that are there, and what it takes of the site's own values otherwise */
  objects?: ObjectPlan
  values?: ValueChange[]
  /** what a firewall to the internet has to change; undefined where it is not known what is open for what is installed */
  allowlist?: PlannedAllowlist
  /** workspaces that run from another registry than the site is to have: they follow at their next start */
  elsewhere?: number
  /** undefined: they cannot be counted */
  sessions?: number | undefined
}
