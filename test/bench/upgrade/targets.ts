import { type Figures, medianOf, ratioOf } from '../figures.ts'
import type { Target } from '../targets.ts'

/** Judges what was measured. */
export function judgeUpgrade(figures: readonly Figures[]): Target[] {
  const ours = (row: string, figure: string) => medianOf(figures, row, 'sealift', figure)
  const largest = (row: string) => {
    const runs = figures.find((one) => one.row === row)?.values.megabytes
    return runs && Math.max(...runs)
  }
  const target = (text: string, value: number | undefined, limit: number, unit: string): Target => ({
    target: text,
    value,
    limit,
    unit,
    met: value === undefined ? undefined : value <= limit,
  })
  const slower = (other: string) => ratioOf(figures, 'backup', ['sealift', other], 'seconds')
  return [
    target('plan', ours('plan', 'seconds'), 5, 's'),
    target('plan, the database full', ours('plan full', 'seconds'), 5, 's'),
    target('failed requests during an upgrade', ours('upgrade', 'failed'), 0, ''),
    target('terminals that ended', ours('upgrade', 'ended'), 0, ''),
    target('bytes lost in terminals', ours('upgrade', 'lost'), 0, ''),
    target('backup, to pg_dump', slower('pg_dump'), 1.2, 'x'),
    target('backup, to pg_dump --compress=1', slower('pg_dump --compress=1'), 1.2, 'x'),
    target('peak memory of a backup', largest('backup'), 200, 'MB'),
    target('peak memory of a proof', largest('proof'), 200, 'MB'),
  ]
}
