import type { Result } from './results.ts'
import { median, pairedRatio } from './statistics.ts'

/** What is wanted of ours beside the others, and what was measured. */
export interface Target {
  target: string
  /** measured, in `unit`; undefined where the rows it needs were not run */
  value: number | undefined
  limit: number
  unit: string
  met: boolean | undefined
}

/** Judges the results. `content` is in bytes. */
export function judge(results: readonly Result[], content: number): Target[] {
  // a run or two of one that failed later count for nothing
  const whole = results.filter(({ runs, failure }) => runs.length > 0 && failure === undefined)
  const find = (row: string, contestant: string) =>
    whole.find((result) => result.row === row && result.contestant === contestant)
  const seconds = (row: string, contestant: string) => find(row, contestant)?.runs.map((run) => run.seconds)
  const ratio = (row: string, other: string) => {
    const [a, b] = [seconds(row, 'sealift'), seconds(row, other)]
    return a && b ? pairedRatio(a, b) : undefined
  }
  const peers = (row: string) => whole.filter((r) => r.row === row && !/^(sealift|4 curls)/.test(r.contestant))
  /** ours to the fastest peer */
  const fastest = (row: string) => {
    const ratios = peers(row).map(({ contestant }) => ratio(row, contestant) as number)
    return ratios.length > 0 && seconds(row, 'sealift') ? Math.max(...ratios) : undefined
  }
  const startUp = seconds('start-up', 'sealift')
  const warm = seconds('seed-warm', 'sealift')
  const totals = find('killed', 'sealift')?.totals
  const memory = results.filter((r) => r.contestant === 'sealift').flatMap((r) => r.runs.map((run) => run.peakMemory))
  const disk = find('build', 'sealift')?.disk
  const target = (text: string, value: number | undefined, limit: number, unit = 'x'): Target => ({
    target: text,
    value,
    limit,
    unit,
    met: value === undefined ? undefined : value <= limit,
  })
  return [
    target('build, to the fastest peer', fastest('build'), 1),
    target('build, to the bare download', ratio('build', '4 curls'), 1.5),
    target('verify, to SHA-256 on all cores', ratio('verify', 'openssl'), 1.2),
    target('seed cold, to the fastest peer', fastest('seed-cold'), 1),
    target('seed warm, over the start-up', warm && startUp && median(warm) - median(startUp), 0.3, 's'),
    target('killed at half, sent to content', totals && median(totals) / content, 1.05),
    ...['curl', 'skopeo', 'crane'].map((client) =>
      target(`serve to ${client}, to docker-registry`, ratio(`serve-${client}`, 'docker-registry'), 1),
    ),
    target('peak memory', memory.length > 0 ? Math.max(...memory) / 1e6 : undefined, 200, 'MB'),
    // a tar has headers and padding
    target('peak disk of a build, to content', disk && disk / content, 1.01),
    target('start-up', startUp && median(startUp) * 1000, 150, 'ms'),
  ]
}
