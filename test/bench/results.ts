import type { Usage } from './measure.ts'

export interface Phase {
  step: string
  ms: number
}

/** What one contestant did in one row. Bytes, seconds. */
export interface Result {
  row: string
  contestant: string
  /** one for each timed run, in order: run i of every contestant of a row stood side by side */
  runs: Usage[]
  /** what is wrong with it, where it could not run to its end */
  failure?: string
  /** peak of its output and scratch files, in bytes on disk */
  disk?: number
  /** bytes that crossed the wire, TLS and headers included: from it, to it */
  sent?: number
  received?: number
  /** CPU seconds of the registry at the other end, one for each run */
  otherCpu?: number[]
  /** whether each image is found at the target under its repository, tag and digest */
  namesKept?: boolean
  /** bytes of content over which `killed` sums both runs, one total for each run */
  totals?: number[]
  /** what it announces, in its last run */
  phases?: Phase[]
  note?: string
}

/** The result of a contestant in a row, made where it is missing. */
export function resultOf(results: Result[], row: string, contestant: string): Result {
  const known = results.find((result) => result.row === row && result.contestant === contestant)
  if (known) return known
  const made: Result = { row, contestant, runs: [] }
  results.push(made)
  return made
}
