import type { HistoryEntry } from '../../install/history.ts'

/** milliseconds of stages that no earlier run tells of: what the lab takes, and a bit */
const guesses: Readonly<Record<string, number>> = {
  deploy: 60_000,
  backup: 10_000,
  proof: 20_000,
  pull: 30_000,
  move: 30_000,
}

/**
 * How long a step may take, by what stages took before at this site: the longest of the last three times.
 * @returns milliseconds by stage, and whether any of them is a guess
 */
export function expectedTimes(
  stages: readonly string[],
  receipt: { times?: Record<string, number> },
  history: readonly HistoryEntry[],
): { times: Record<string, number>; guessed: boolean } {
  const runs = [receipt, ...history.filter(({ outcome }) => outcome === 'done')]
  let guessed = false
  const times = stages.flatMap((stage): [string, number][] => {
    const seen = runs.flatMap((run) => run.times?.[stage] ?? []).slice(-3)
    if (seen.length > 0) return [[stage, Math.max(...seen)]]
    const guess = guesses[stage]
    if (guess === undefined) return []
    guessed = true
    return [[stage, guess]]
  })
  return { times: Object.fromEntries(times), guessed }
}
