import { bytes, minute } from '../amounts.ts'
import type { ListedBackup, Listing } from '../backup/list.ts'
import type { Reporter } from '../install/events.ts'
import { safe } from './format.ts'
import { type Progress, progressOn } from './progress.ts'

/** What a verb says, as lines on stderr, and its progress; nothing where machines read. */
export function reportOn(quiet: boolean): Reporter & Progress {
  const progress = progressOn(process.stderr, quiet)
  const line = (text: string) => {
    progress.end()
    if (!quiet) process.stderr.write(`${safe(text)}\n`)
  }
  return {
    ...progress,
    progress: (done, total, unit) => progress.update(done, total, unit),
    info: line,
    warn: (text) => {
      progress.end()
      // a warning is for whoever reads the log, too
      process.stderr.write(`warning: ${safe(text)}\n`)
    },
  }
}

/** One line a backup, oldest first. */
export function listingText({ backups, broken }: Listing, directory: string): string {
  if (backups.length + broken.length === 0)
    return `no backups in ${directory}, and the installation remembers none; make one: sealift backup create`
  const rows = [
    ['made', 'release', 'size', 'encrypted', 'proven', 'where'],
    ...backups.map((one) => [
      minute(new Date(one.created)),
      one.release,
      bytes(one.size),
      one.encryption === 'none' ? 'no' : one.encryption,
      one.proven === undefined ? 'no' : minute(new Date(one.proven)),
      whereIs(one),
    ]),
  ].map((row) => row.map(safe))
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return [
    ...rows.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...broken.map((one) => `not to be used: ${safe(one.path)}: ${safe(one.why)}`),
  ].join('\n')
}

const whereIs = ({ here, known, machine, path }: ListedBackup): string =>
  here ? `${path}${known ? '' : ' (this installation does not remember it)'}` : `${machine}:${path}`
