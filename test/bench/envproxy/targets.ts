import { type Figures, medianOf, ratioOf } from '../figures.ts'
import type { Target } from '../targets.ts'

export const ours = 'envproxy'

/** Judges what envproxy did beside the others. */
export function judgeEnvproxy(figures: readonly Figures[]): Target[] {
  const ratio = (row: string, other: string, name: string) => ratioOf(figures, row, [ours, other], name)
  const target = (text: string, value: number | undefined, limit: number, unit = 'x'): Target => ({
    target: text,
    value,
    limit,
    unit,
    met: value === undefined ? undefined : value <= limit,
  })
  const counted = [1, 100, 1000].map((n) => `echo ${n}`)
  const disconnected = figures
    .filter(({ contestant }) => contestant === ours)
    .flatMap(({ values }) => values.disconnected ?? [])
  const bulk = ratio('bulk', 'configurable-http-proxy', 'rate')
  return [
    ...counted.map((row) => target(`${row}: p99, to nginx`, ratio(row, 'nginx', 'p99'), 1.3)),
    // ten messages a second are too few for the clock of CPU time
    ...counted.slice(1).map((row) => target(`${row}: CPU, to nginx`, ratio(row, 'nginx', 'cpuSeconds'), 1.3)),
    ...counted
      .slice(1)
      .map((row) =>
        target(`${row}: CPU, to configurable-http-proxy`, ratio(row, 'configurable-http-proxy', 'cpuSeconds'), 0.33),
      ),
    target('bulk: time, to configurable-http-proxy', bulk && 1 / bulk, 0.33),
    target('idle: memory of a connection', medianOf(figures, 'idle', ours, 'kilobytes'), 30, 'KB'),
    target('slow reader: memory more', medianOf(figures, 'slow reader', ours, 'megabytes'), 4, 'MB'),
    target('slow reader: p99 of the others, to nginx', ratio('slow reader', 'nginx', 'p99'), 1.3),
    target('connections lost', disconnected.length > 0 ? disconnected.reduce((a, b) => a + b, 0) : undefined, 0, ''),
  ]
}
