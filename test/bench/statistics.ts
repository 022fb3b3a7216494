/** The middle value; of an even number of values the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

/**
 * Median of the ratios a/b of runs that stood next to each other: what slowed the machine for a while slowed both.
 * Runs without a partner are left out. NaN where no pair is left.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  const pairs = Math.min(a.length, b.length)
  return median(Array.from({ length: pairs }, (_, i) => (a[i] as number) / (b[i] as number)))
}

/** Smallest and largest of some values. */
export const spread = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)]
