import type { Contestant } from './contestant.ts'
import { type Job, measure } from './measure.ts'
import type { Phase, Result } from './results.ts'

/** One timed run, kept in the result; the phases are those of the last one. */
export async function timeRun(job: Job, { name }: Pick<Contestant, 'name'>, result: Result): Promise<void> {
  const lines: { line: string; ms: number }[] = []
  const usage = await measure({ ...job, onLine: (line, ms) => lines.push({ line, ms }) })
  result.runs.push(usage)
  // only ours announces steps of the same kind in every version
  if (name === 'sealift') result.phases = phasesOf(lines, usage.seconds * 1000)
}

/**
 * Steps that are announced line by line on standard error, as durations in milliseconds; `start` is the time until the
 * first one. A line that begins with the step before it tells its progress.
 */
export function phasesOf(lines: readonly { line: string; ms: number }[], end: number): Phase[] {
  const steps: (typeof lines)[number][] = []
  for (const line of lines) if (!line.line.startsWith(steps.at(-1)?.line ?? '\n')) steps.push(line)
  const first = steps[0]
  if (!first) return []
  return [
    { step: 'start', ms: Math.round(first.ms) },
    ...steps.map(({ line, ms }, i) => ({ step: line, ms: Math.round((steps[i + 1]?.ms ?? end) - ms) })),
  ]
}
