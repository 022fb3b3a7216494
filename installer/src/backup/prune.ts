import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Reporter } from '../install/events.ts'
import { syncDirectory } from '../stores/bundle/write-part.ts'
import type { Backup } from './backup.ts'
import { forget, knownBackups } from './known.ts'
import { type BrokenBackup, backupsIn } from './list.ts'
import { type BackupSite, identityOf, isSameSite } from './site.ts'

export interface PruneOptions {
  directory: string
  /** how many of the newest stay, in any case */
  keep?: number | undefined
  /** days that one stays, in any case */
  keepDays?: number | undefined
  /** say it only */
  dryRun?: boolean
  report: Reporter
}

export interface Pruned {
  removed: string[]
  kept: string[]
  /** files that are no backups that can be used: left alone */
  broken: BrokenBackup[]
}

const day = 24 * 3600 * 1000

/**
 * Removes backups of this installation that no rule keeps: neither among the newest nor young enough. The newest that was proven
 * stays whatever the rules say, or the newest where none was.
 * @throws SealiftError USAGE_BACKUP_RULE without a rule, CLUSTER_* since the installation alone knows which were proven
 */
export async function pruneBackups(site: BackupSite, options: PruneOptions): Promise<Pruned> {
  const { directory, dryRun, report } = options
  const rules = [options.keep, options.keepDays]
  if (
    rules.every((rule) => rule === undefined) ||
    rules.some((rule) => rule !== undefined && !(Number.isInteger(rule) && rule >= 0))
  )
    throw new SealiftError('USAGE_BACKUP_RULE', 'nothing says which backups stay', {
      why: '--keep and --keep-days are whole numbers, and one of them is needed',
      fix: '--keep 14, or --keep-days 30, or both: what either keeps stays',
    })
  const [{ files, broken }, known, here] = await Promise.all([
    backupsIn(directory),
    knownBackups(site),
    identityOf(site),
  ])
  const own = files.filter(({ document }) => isSameSite(document.site, here))
  const proven = new Set(known.filter((one) => one.proven !== undefined).map(({ id }) => id))
  const goes = superfluous(own, proven, options, Date.now())
  for (const { path: file } of goes) {
    if (!dryRun) await rm(file)
    report.info(`${dryRun ? 'would remove' : 'removed'} ${file}`)
  }
  if (!dryRun && goes.length > 0) {
    await syncDirectory(directory)
    const gone = new Set(goes.map(({ id }) => id))
    await forget(
      site,
      known.filter(({ id, machine }) => gone.has(id) && machine === hostname()).map(({ id }) => id),
    )
  }
  const paths = (all: readonly Backup[]) => all.map((one) => path.resolve(one.path))
  return { removed: paths(goes), kept: paths(files.filter((one) => !goes.includes(one))), broken }
}

/** Those that go. Pure; times are milliseconds since 1970. */
export function superfluous(
  all: readonly Backup[],
  proven: ReadonlySet<string>,
  { keep = 0, keepDays = 0 }: Pick<PruneOptions, 'keep' | 'keepDays'>,
  now: number,
): Backup[] {
  const newest = [...all].sort((a, b) => (a.document.created > b.document.created ? -1 : 1))
  const treasured = newest.find(({ id }) => proven.has(id)) ?? newest[0]
  return newest.filter(
    (one, i) => i >= keep && now - Date.parse(one.document.created) >= keepDays * day && one !== treasured,
  )
}
