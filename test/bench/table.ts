import type { Result } from './results.ts'
import { median, pairedRatio, spread } from './statistics.ts'
import type { Target } from './targets.ts'

/** Rows of cells as a Markdown table with aligned columns. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const head = [
  'row',
  'contestant',
  's (min-max)',
  'ours / it',
  'CPU s',
  'registry CPU s',
  'MB memory',
  'disk x',
  'sent x',
  'received x',
  'names kept',
]

/** The results: medians, ours over each (pairwise, so below 1 is faster), bytes as multiples of the content. */
export function resultTable(results: readonly Result[], content: number): string {
  const order = [...new Set(results.map(({ row }) => row))]
  const shown = results
    .filter(({ runs, failure }) => runs.length > 0 || failure !== undefined)
    .sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row))
  const rows = shown.map((result) => {
    const { row, contestant, runs } = result
    if (result.failure !== undefined)
      return [row, contestant, `failed: ${result.failure.replaceAll(/\s+/g, ' ').slice(0, 80)}`]
    const seconds = runs.map((run) => run.seconds)
    const ours = results.find((other) => other.row === row && other.contestant === 'sealift')
    const ratio =
      ours && ours !== result
        ? pairedRatio(
            ours.runs.map((run) => run.seconds),
            seconds,
          )
        : Number.NaN
    const [least, most] = spread(seconds)
    const sent = result.totals ? median(result.totals) : result.sent
    const times = (bytes: number | undefined) => (bytes === undefined ? '' : (bytes / content).toFixed(2))
    return [
      row,
      contestant,
      `${fixed(median(seconds))} (${fixed(least)}-${fixed(most)})`,
      Number.isNaN(ratio) ? '' : ratio.toFixed(2),
      fixed(median(runs.map((run) => run.cpuSeconds))),
      result.otherCpu ? fixed(median(result.otherCpu)) : '',
      (Math.max(...runs.map((run) => run.peakMemory)) / 1e6).toFixed(0),
      row === 'build' || row === 'seed-cold' ? times(result.disk) : '',
      times(sent),
      times(result.received),
      result.namesKept === undefined ? '' : result.namesKept ? 'yes' : 'no',
    ]
  })
  return markdown(head, rows)
}

/** What is wanted and what was measured. */
export function targetTable(targets: readonly Target[]): string {
  const measured = targets.filter(({ value }) => value !== undefined)
  const rows = measured.map(({ target, value, limit, unit, met }) => [
    target,
    `${(value as number).toFixed(unit === 'ms' || unit === 'MB' ? 0 : 2)} ${unit}`,
    `${limit} ${unit}`,
    met ? 'yes' : 'no',
  ])
  return markdown(['target', 'measured', 'at most', 'met'], rows)
}

const fixed = (seconds: number): string => (Math.abs(seconds) < 1 ? seconds.toFixed(3) : seconds.toFixed(2))
