import type { Report } from './data-path.ts'
import { resultTable, targetTable } from './table.ts'

/** A report for people. */
export function reportText(report: Report): string {
  const { machine, content, unshared, versions, missing, results } = report
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  const load = (values: number[]) => values[0]?.toFixed(1)
  const phases = results.flatMap(({ row, phases }) =>
    phases ? [`Phases of ${row}, ours, last run: ${phases.map(({ step, ms }) => `${step} ${ms} ms`).join('; ')}`] : [],
  )
  const notes = new Map(
    results.flatMap(({ row, contestant, note }) => (note ? [[`${contestant}: ${note}`, row] as const] : [])),
  )
  return [
    `${report.size}: ${megabytes(content)} in ${report.blobs} blobs, ${report.images} images (${megabytes(unshared)} if nothing were shared); ${report.runs} runs in turn, medians.`,
    `${machine.cores} cores, ${machine.cpu}, ${megabytes(machine.memoryBytes)}, Node ${machine.node}; load ${load(machine.loadBefore)} before, ${load(machine.loadAfter)} after.`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    ...Object.entries(missing).map(([name, why]) => `not measured: ${name}: ${why}`),
    '',
    resultTable(results, content),
    '',
    ...phases,
    ...notes.keys(),
    '',
    targetTable(report.targets),
  ].join('\n')
}
